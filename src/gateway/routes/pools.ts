/**
 * Pools, as in Distributex: locks for any host that has curl.
 *
 *     GET /get/?host=web-1&pool=nightly        YES or NO; YES again if the host already holds the pool
 *     GET /wait/?host=web-1&pool=nightly       YES, as soon as the pool is granted
 *     GET /release/?host=web-1&pool=nightly    OK, whether or not the host held the pool
 *
 * An invalid request gets INVALID. The text has no newline. If the database is unreachable, the answer is NO with status 503.
 * The gateway adds to Distributex:
 *
 * - `id` separates several holders on one host: each holds and releases the pool by itself.
 * - YES has the fencing token (`Sera-Token`) and the time that the pool is held (`Sera-Expires-In`: seconds, or `never`).
 * - `GET /renew/?host=&pool=&token=`: OK, and the time starts again; NO if the host no longer holds the pool with that token.
 * @see https://github.com/calston/distributex
 */
import { type Context, Hono } from 'hono'
import { type Owner, remoteOwner } from '../../claims/owner.js'
import { SeraError, type SeraErrorKind } from '../../errors.js'
import { LONGEST_NAME } from '../../primitives/names.js'
import { Pool, type PoolHolding, type ReleasedPool } from '../../primitives/pool.js'
import type { NewHistoryEntry } from '../../store/tables/history.js'
import { clientOf } from '../http/client-address.js'
import { ClientGone, untilDisconnect } from '../http/disconnect.js'
import type { Env } from '../http/env.js'
import type { Gateway } from '../http/gateway.js'
import { failure, notFound } from '../http/problem.js'

/** A valid request. */
interface PoolRequest {
  pool: Pool
  host: string
  /** The holder's name in the lock tables: the host, or host and id. */
  holder: string
}

type PoolHandler = (c: Context<Env>, gateway: Gateway, asked: PoolRequest) => Promise<Response>

const HANDLERS: Readonly<Record<string, PoolHandler>> = {
  get: (c, gateway, asked) => acquire(c, gateway, asked, 0),
  wait: (c, gateway, asked) => acquire(c, gateway, asked, Number.POSITIVE_INFINITY),
  release,
  renew,
}

/** Errors that have an answer of their own, with status 200. */
const ANSWER_OF: Readonly<Partial<Record<SeraErrorKind, string>>> = { 'timed-out': 'NO', conflict: 'INVALID' }

export function pools(gateway: Gateway): Hono<Env> {
  const app = new Hono<Env>()
  for (const [word, answer] of Object.entries(HANDLERS)) {
    for (const path of [`/${word}`, `/${word}/`]) {
      app.get(path, async c => {
        if (c.req.method === 'HEAD') return notAllowed(c) // HEAD must change nothing
        const asked = poolRequestOf(c, gateway)
        return asked ? await answer(c, gateway, asked) : c.text('INVALID')
      })
      app.all(path, notAllowed)
    }
  }
  app.onError((error, c) => {
    if (error instanceof ClientGone) return failure(error, c)
    const answer = error instanceof SeraError ? ANSWER_OF[error.kind] : undefined
    return answer === undefined ? c.text('NO', 503) : c.text(answer)
  })
  return app
}

/** An unknown path. With a host and a pool in the query it gets INVALID, as from Distributex. */
export function unknownPath(c: Context): Response {
  const { host, pool } = c.req.query()
  return c.req.method === 'GET' && host !== undefined && pool !== undefined ? c.text('INVALID') : notFound(c)
}

function notAllowed(c: Context): Response {
  return c.text('', 405, { Allow: 'GET' })
}

/** Undefined if the request is INVALID. */
function poolRequestOf(c: Context<Env>, gateway: Gateway): PoolRequest | undefined {
  const { host = '', pool: name = '', id } = c.req.query()
  const settings = gateway.pools().get(name)
  const holder = id === undefined ? host : `${host} ${id}`
  if (host === '' || !settings || /\p{Cc}/u.test(holder) || [...holder].length > LONGEST_NAME) return undefined
  if (settings.servers && !settings.servers.includes(host)) return undefined
  return { pool: new Pool(gateway.session, name, () => gateway.pools().get(name)), host, holder }
}

async function acquire(
  c: Context<Env>,
  gateway: Gateway,
  { pool, host, holder }: PoolRequest,
  wait: number,
): Promise<Response> {
  const owner = remoteOwner(host, `GET ${c.req.path} from ${clientOf(c)}`)
  const had = await untilDisconnect(
    c,
    gateway,
    'pool',
    signal => pool.acquire(holder, owner, { wait, signal }),
    wait > 0,
  )
  return c.text('YES', 200, termsOf(had))
}

async function release(c: Context<Env>, gateway: Gateway, { pool, host, holder }: PoolRequest): Promise<Response> {
  const held = await pool.release(holder)
  if (held) gateway.remember(endingOf(pool.name, held, remoteOwner(host, `GET ${c.req.path} from ${clientOf(c)}`)))
  return c.text('OK', 200, { 'Sera-Released': held ? 'yes' : 'no' })
}

async function renew(c: Context<Env>, _: Gateway, { pool, holder }: PoolRequest): Promise<Response> {
  const has = await pool.renew(holder, Number(c.req.query('token')))
  return has ? c.text('OK', 200, termsOf(has)) : c.text('NO')
}

function endingOf(name: string, { token, waitedMs, heldMs: ranMs }: ReleasedPool, owner: Owner): NewHistoryEntry {
  return { key: { kind: 'pool', name }, token: String(token), outcome: 'done', exitCode: 0, waitedMs, ranMs, owner }
}

function termsOf({ token, leftMs }: PoolHolding): Record<string, string> {
  const left = Number.isFinite(leftMs) ? (leftMs / 1000).toFixed(3) : 'never'
  return { 'Sera-Token': String(token), 'Sera-Expires-In': left }
}
