/**
 * Errors as problem details: one JSON object for programs and people.
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
import { STATUS_CODES } from 'node:http'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { SeraError, type SeraErrorKind } from '../../errors.js'
import { ClientGone } from './disconnect.js'

/** The HTTP status of each kind of SeraError. `type` is always `about:blank`. */
const STATUS: Readonly<Record<SeraErrorKind, ContentfulStatusCode>> = {
  usage: 400,
  config: 500,
  conflict: 409,
  'timed-out': 408,
  'taken-over': 409,
  lost: 410,
  'lock-failed': 503,
  'not-started': 500,
}

/** The kind of an error that Hono or a middleware found. */
const KIND: Readonly<Record<number, SeraErrorKind>> = { 400: 'usage', 413: 'usage', 415: 'usage', 503: 'lock-failed' }

/** The status of nginx for a client that disconnected. It reaches only the access log. */
const CLIENT_CLOSED_REQUEST = 499

export function failure(error: Error, c: Context): Response {
  if (error instanceof HTTPException) {
    const { status, message, res } = error
    return problem(c, status as ContentfulStatusCode, message, res, KIND[status])
  }
  if (error instanceof ClientGone) return problem(c, CLIENT_CLOSED_REQUEST as ContentfulStatusCode, error.message)
  if (error instanceof SeraError) return problem(c, STATUS[error.kind], error.message, undefined, error.kind)
  return problem(c, 500, 'internal error; please report it')
}

export function notFound(c: Context): Response {
  return problem(c, 404, `no such path: ${c.req.path}`)
}

function problem(c: Context, status: ContentfulStatusCode, detail: string, like?: Response, kind?: string): Response {
  for (const [name, value] of like?.headers ?? []) c.header(name, value)
  c.header('Content-Type', 'application/problem+json')
  return c.body(
    `${JSON.stringify({
      type: 'about:blank',
      title: STATUS_CODES[status] ?? 'Client Closed Request',
      status,
      detail,
      kind,
    })}\n`,
    status,
  )
}
