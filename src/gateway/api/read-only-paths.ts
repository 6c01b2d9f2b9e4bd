/** Documents the read-only paths, which `routes/status.ts` answers. */
import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Env } from '../http/env.js'
import { operationId, READING } from './document.js'
import { moment, problem } from './schemas.js'

const claim = z.looseObject({
  state: z.string(),
  host: z.string(),
  command: z.string(),
  sinceMs: z.number(),
  token: z.string().optional(),
})

const status = z
  .object({
    server: z.string(),
    at: moment,
    resources: z.array(z.looseObject({ kind: z.string(), name: z.string(), claims: z.array(claim) })),
    unseen: z.array(z.string()).openapi({ description: 'What sera could not see, and what would help' }),
  })
  .openapi('Status', { description: 'The output of `sera status --json`' })

const entry = z.object({
  kind: z.string(),
  name: z.string(),
  outcome: z.string(),
  exitCode: z.int(),
  waitedMs: z.int(),
  ranMs: z.int().nullable(),
  token: z.string().nullable(),
  host: z.string(),
  pid: z.int(),
  user: z.string(),
  command: z.string(),
  reason: z.string().nullable().openapi({ description: 'The reason of a `sera break`' }),
  requestedAt: moment,
  grantedAt: moment.nullable(),
  releasedAt: moment,
})

const history = z
  .object({ entries: z.array(entry) })
  .openapi('History', { description: 'The newest entry is the last' })

const query = z.object({
  name: z.string().optional(),
  outcome: z.string().optional().openapi({ description: 'ran, timed-out, lost, …; may be repeated' }),
  since: z.string().optional().openapi({ description: '2h, 7d, 2026-11-21 or 2026-11-21T16:40 (UTC)' }),
  limit: z.string().optional().openapi({ description: 'The most entries. Default: 100' }),
})

export function readOnlyPaths(app: OpenAPIHono<Env>): void {
  const success = (type: string, schema: z.ZodType) => ({ description: 'Success', content: { [type]: { schema } } })
  const refused = { description: 'An error', content: { 'application/problem+json': { schema: problem } } }
  const paths = [
    { path: '/v1/status', summary: 'Lists holders and waiters', 200: success('application/json', status), request: {} },
    {
      path: '/v1/watch',
      summary: 'Streams the status whenever it changes, as server-sent events',
      200: success('text/event-stream', z.string()),
      request: {},
    },
    {
      path: '/v1/history',
      summary: 'Lists finished runs',
      200: success('application/json', history),
      request: { query },
    },
  ]
  for (const { path, summary, request, 200: ok } of paths) {
    const responses = { 200: ok, 400: refused, 401: refused, 403: refused, 421: refused, 503: refused }
    const operation = { operationId: operationId('get', path), summary, tags: ['reading'], security: READING }
    app.openAPIRegistry.registerPath({ method: 'get', path, ...operation, request, responses })
  }
}
