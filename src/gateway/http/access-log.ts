/** The access log: one entry a request, written after the answer. */
import type { Context, MiddlewareHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { Clock } from '../../clock.js'
import type { GatewayLog } from '../log/entry.js'
import { clientOf } from './client-address.js'
import type { Env } from './env.js'

/** Characters. */
const LONGEST_TARGET = 500

export function accessLog(log: GatewayLog, clock: Clock, token: string | undefined): MiddlewareHandler<Env> {
  return async (c, next) => {
    const startedAt = clock.now()
    const client = clientOf(c) // the socket forgets its address when the client disconnects
    await next()
    log.write({
      kind: 'access',
      client,
      method: c.req.method,
      target: targetOf(c.req.url, token),
      status: c.res.status,
      ms: Math.round(clock.now() - startedAt),
      error: faultOf(c),
    })
  }
}

/** A client that puts the token into the address is refused. The log must not show that token either. */
export function targetOf(url: string, token: string | undefined): string {
  const { pathname, search } = new URL(url)
  const target = pathname + search
  if (token !== undefined && [token, decoded(token)].some(text => decoded(target).includes(text))) return '…'
  return target.length > LONGEST_TARGET ? `${target.slice(0, LONGEST_TARGET)}…` : target
}

/** Decodes byte by byte: the address may be invalid UTF-8, and a token is ASCII. */
function decoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
}

/** An HTTPException is an intended answer and no fault, even with a status from 500. */
function faultOf({ res, error }: Context): string | undefined {
  return error && res.status >= 500 && !(error instanceof HTTPException) ? error.message : undefined
}
