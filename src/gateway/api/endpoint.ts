/** One operation. Its schemas document it, check its requests and list its answers. */
import { createRoute, type OpenAPIHono, type RouteConfig, type z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { SeraError } from '../../errors.js'
import type { Env } from '../http/env.js'
import { operationId } from './document.js'
import { problem } from './schemas.js'

type Method = 'get' | 'post' | 'delete'

interface CheckedRequest<Params, Body> {
  params: Params
  body: Body
  /** The Idempotency-Key as the client sent it. */
  key: string | undefined
}

interface Endpoint<Params extends z.ZodObject, Body extends z.ZodType> {
  method: Method
  /** As OpenAPI has it: `/v1/mutexes/{name}/claims`. */
  path: string
  tag: string
  summary: string
  params: Params
  body?: Body
  headers?: z.ZodObject
  /** Beside the answers that every operation may give. */
  answers: Readonly<Record<number, [description: string, schema?: z.ZodType]>>
  handle(c: Context<Env>, asked: CheckedRequest<z.infer<Params>, z.infer<Body>>): Promise<Response>
}

const ALWAYS = {
  400: 'A parameter or field is not valid: `detail` names it',
  401: 'The token is missing or wrong',
  403: 'The request comes from a page of another site',
  413: 'The body is larger than 64 KiB',
  415: 'The Content-Type of the body is not JSON',
  421: 'A gateway without a token must be called by its address or as localhost',
  503: 'The database is not available, or this gateway is shutting down: try again, here or at another gateway',
}

export function endpoint<P extends z.ZodObject, B extends z.ZodType>(
  app: OpenAPIHono<Env>,
  { method, path, tag, summary, params, body, headers, answers, handle }: Endpoint<P, B>,
): void {
  const route: RouteConfig = {
    method,
    path,
    operationId: operationId(method, path),
    tags: [tag],
    summary,
    request: { params, ...(headers && { headers }), ...(body && { body: inJson(body) }) },
    responses: { ...problemsOf(ALWAYS), ...answersOf(answers) },
  }
  const answer = (c: Context<Env>): Promise<Response> => {
    const valid = c.req.valid as (target: string) => unknown
    const given = headers && (valid.call(c.req, 'header') as Record<string, string>)
    return handle(c, {
      params: valid.call(c.req, 'param') as z.infer<P>,
      body: (body && valid.call(c.req, 'json')) as z.infer<B>,
      key: given?.['idempotency-key'],
    })
  }
  app.openapi(createRoute(route), answer as never)
}

/** The body is required if it has required fields. A required body is checked even if it is missing. */
function inJson(schema: z.ZodType) {
  return { content: { 'application/json': { schema } }, required: !schema.safeParse({}).success }
}

function problemsOf(statuses: Readonly<Record<number, string>>): RouteConfig['responses'] {
  return answersOf(Object.fromEntries(Object.entries(statuses).map(([status, text]) => [status, [text, problem]])))
}

function answersOf(
  answers: Readonly<Record<number, readonly [description: string, schema?: z.ZodType]>>,
): RouteConfig['responses'] {
  return Object.fromEntries(
    Object.entries(answers).map(([status, [description, schema]]) => {
      const type = Number(status) < 300 ? 'application/json' : 'application/problem+json'
      return [status, { description, ...(schema && { content: { [type]: { schema } } }) }]
    }),
  )
}

/** Reports every wrong field, on one line. */
export function refuse(error: z.ZodError): never {
  const faults = error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': '))
  throw new SeraError('usage', faults.join('; '))
}
