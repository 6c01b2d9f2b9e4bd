/**
 * Pools, as Distributex has them: for any host that has curl.
 *
 *     GET /get/?host=web-1&pool=nightly        YES, or NO; a host that holds it is told YES again
 *     GET /wait/?host=web-1&pool=nightly       YES, once it is its turn
 *     GET /release/?host=web-1&pool=nightly    OK, whether or not it held it
 *
 * Whatever makes no sense is answered INVALID. The text is bare, without a newline. What a database that can't be asked makes
 * impossible is NO, with status 503. Beyond the original:
 *
 * - `id` tells apart several that use a pool on one host: each holds it, and gives it back, by itself.
 * - YES comes with the fencing token (`Sera-Token`), and says for how long it is so (`Sera-Expires-In`: seconds, or `never`).
 * - `GET /renew/?host=&pool=&token=`: OK, with the whole time again; NO when the host no longer holds it by that token.
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

/** What is asked of a pool, once it makes sense. */
interface PoolRequest {
  pool: Pool
  host: string
  /** Who holds it, as the tables know him. */
  holder: string
}

type PoolHandler = (c: Context<Env>, gateway: Gateway, asked: PoolRequest) => Promise<Response>

const HANDLERS: Readonly<Record<string, PoolHandler>> = {
  get: (c, gateway, asked) => acquire(c, gateway, asked, 0),
  wait: (c, gateway, asked) => acquire(c, gateway, asked, Number.POSITIVE_INFINITY),
  release,
  renew,
}

/** What a client is told that is answered all the same. */
const TOLD: Readonly<Partial<Record<SeraErrorKind, string>>> = { 'timed-out': 'NO', conflict: 'INVALID' }

export function pools(gateway: Gateway): Hono<Env> {
  const app = new Hono<Env>()
  for (const [word, answer] of Object.entries(HANDLERS)) {
    for (const path of [`/${word}`, `/${word}/`]) {
      app.get(path, async c => {
        if (c.req.method === 'HEAD') return notAllowed(c) // it would change something
        const asked = poolRequestOf(c, gateway)
        return asked ? await answer(c, gateway, asked) : c.text('INVALID')
      })
      app.all(path, notAllowed)
    }
  }
  app.onError((error, c) => {
    if (error instanceof ClientGone) return failure(error, c)
    const told = error instanceof SeraError ? TOLD[error.kind] : undefined
    return told === undefined ? c.text('NO', 503) : c.text(told)
  })
  return app
}

/** An address that nothing else answers: with a host and a pool, a Distributex calls it INVALID. */
export function unknownPath(c: Context): Response {
  const { host, pool } = c.req.query()
  return c.req.method === 'GET' && host !== undefined && pool !== undefined ? c.text('INVALID') : notFound(c)
}

function notAllowed(c: Context): Response {
  return c.text('', 405, { Allow: 'GET' })
}

/** Undefined: it is INVALID. */
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
