/** What the gateway writes down: each request when it has been answered. */
import type { MiddlewareHandler } from 'hono'
import type { Clock } from '../clock.js'
import { clientOf } from './client.js'
import type { Env } from './gateway.js'

export interface AccessEntry {
  kind: 'access'
  /** The address that asked. */
  client: string
  method: string
  /** Path and query, as they were sent. */
  target: string
  status: number
  ms: number
}

export type Entry = AccessEntry

export interface GatewayLog {
  write(entry: Entry): void
}

export function logged(log: GatewayLog, clock: Clock): MiddlewareHandler<Env> {
  return async (c, next) => {
    const startedAt = clock.now()
    await next()
    const { pathname, search } = new URL(c.req.url)
    log.write({
      kind: 'access',
      client: clientOf(c),
      method: c.req.method,
      target: pathname + search,
      status: c.res.status,
      ms: Math.round(clock.now() - startedAt),
    })
  }
}
