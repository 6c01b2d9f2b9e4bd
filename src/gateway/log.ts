/** What the gateway writes down: each request once it is answered, and who comes to an event, meets others, or leaves. */
import type { Context, MiddlewareHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { Clock } from '../clock.js'
import { clientOf } from './client.js'
import type { Env } from './env.js'

export interface AccessEntry {
  kind: 'access'
  /** The address that asked. */
  client: string
  method: string
  /** Path and query, as they were sent; `…` where the token is in it, or where it is too long. */
  target: string
  status: number
  ms: number
  /** What went wrong here, or with the database. */
  error?: string | undefined
}

export interface EventEntry {
  kind: 'event'
  /** `left`: hung up, or was sent away, before it met anybody. */
  what: 'came' | 'met' | 'left'
  /** Tells requests apart, for all gateways; `/stats` and the tables call it the same. */
  request: string
  client: string
  event: string
  actor: string
  /** Since it came. */
  ms: number
  /** With `met`: the same for all who have met. */
  match?: string | undefined
  /** With `met`: all who have, itself too. */
  actors?: readonly string[] | undefined
}

/** The output could not take lines for a while. */
interface DroppedEntry {
  kind: 'dropped'
  lines: number
}

export type LogEntry = AccessEntry | EventEntry | DroppedEntry

export interface GatewayLog {
  write(entry: LogEntry): void
}

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
