/** The access log: one entry for each request, once it is answered. */
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
    const client = clientOf(c) // is no longer known once it has hung up
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

/** A client that puts the token into the address is refused, but the token must not get into the log all the same. */
export function targetOf(url: string, token: string | undefined): string {
  const { pathname, search } = new URL(url)
  const target = pathname + search
  if (token !== undefined && [token, decoded(token)].some(text => decoded(target).includes(text))) return '…'
  return target.length > LONGEST_TARGET ? `${target.slice(0, LONGEST_TARGET)}…` : target
}

/** Byte by byte, as it need not be valid; a token is ASCII. */
function decoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
}

/** An answer that the gateway means to give is none, whatever its status. */
function faultOf({ res, error }: Context): string | undefined {
  return error && res.status >= 500 && !(error instanceof HTTPException) ? error.message : undefined
}
