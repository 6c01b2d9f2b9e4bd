/** Counters, barriers, gates and rendezvous over HTTP. */
import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { Counter } from '../../primitives/counter.js'
import { untilDisconnect } from '../http/disconnect.js'
import type { Env } from '../http/env.js'
import { json } from '../http/output.js'
import { type ApiContext, ownerOf } from './context.js'
import { endpoint } from './endpoint.js'
import { pass } from './passing.js'
import { PASSING_KINDS, type PassingKind } from './passing-kinds.js'
import { DEFAULT_WAIT_MS, idempotencyKey, milliseconds, name, plain, problem } from './schemas.js'

export function passingRoutes(app: OpenAPIHono<Env>, context: ApiContext): void {
  for (const kind of PASSING_KINDS) taking(app, context, kind)
  const { session } = context.gateway
  endpoint(app, {
    method: 'get',
    path: '/v1/counters/{name}',
    tag: 'counter',
    summary: 'Reads the value',
    params: z.object({ name: name('counter') }),
    answers: { 200: ['The value', answered({ value: z.int() })] },
    handle: async (c, { params }) => {
      const value = await new Counter(session, params.name).value({ signal: c.req.raw.signal })
      return json(c, { kind: 'counter', name: params.name, value })
    },
  })
}

function taking(
  app: OpenAPIHono<Env>,
  context: ApiContext,
  { kind, path, summary, body, answer, request, facts }: PassingKind,
) {
  endpoint(app, {
    method: 'post',
    path,
    tag: kind,
    summary,
    params: z.object({ name: name(kind) }),
    headers: idempotencyKey,
    body,
    answers: {
      200: ['Done', answered(answer)],
      408: ['Timed out waiting', problem],
      409: [
        'Other clients name a different number, a gate is already so, or the id belongs to another request',
        problem,
      ],
      410: ['The record of this request was just deleted', problem],
    },
    handle: async (c, { params, key, body }) => {
      const { wait, label } = body as { wait?: string; label?: string }
      const { spec, policy } = request(body)
      const passing = {
        id: key === undefined ? undefined : plain(key),
        key: { kind, name: params.name },
        spec: { ...spec, owner: ownerOf(c, label) },
        policy,
        waitMs: milliseconds(wait, DEFAULT_WAIT_MS),
      }
      const work = (signal: AbortSignal) => pass(context, passing, signal)
      const claim = await untilDisconnect(c, context.gateway, kind, work, passing.waitMs > 0)
      return json(c, { kind, name: params.name, ...facts?.(claim, params.name) })
    },
  })
}

function answered(more: z.ZodRawShape) {
  return z.object({ kind: z.string(), name: z.string(), ...more })
}
