/**
 * The read-only paths: holders and waiters now (`/v1/status`), at each change (`/v1/watch`), and finished runs (`/v1/history`).
 */
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { every } from '../../clock.js'
import { parseDate } from '../../config/date.js'
import { parseDuration } from '../../config/duration.js'
import { SeraError } from '../../errors.js'
import { checkCount } from '../../primitives/names.js'
import { statusObject } from '../../status/json.js'
import { readStatus } from '../../status/read-status.js'
import { RECORDED } from '../../status/recorded.js'
import { type HistoryQuery, readHistory } from '../../store/tables/history.js'
import type { Env } from '../http/env.js'
import type { Gateway } from '../http/gateway.js'
import { StatusBroadcast } from './status-broadcast.js'

/** Keeps the connection open through proxies, and lets the client notice a dead one. */
const BEAT_MS = 15_000

/** When a browser reconnects after it lost the connection. */
const RETRY_MS = 2000

const DEFAULT_LIMIT = 100
/** The most entries that one request reads. A client that wants more asks in parts, with `since`. */
const HIGHEST_LIMIT = 10_000

export function statusRoutes({ tables, clock, closing }: Gateway): Hono<Env> {
  const app = new Hono<Env>()
  const deadline = () => ({ until: clock.now(), signal: closing })
  const look = async () => statusObject(await readStatus(tables.client, {}, deadline()))
  const broadcast = new StatusBroadcast(look, closing, clock)
  app.get('/v1/status', async c => c.json(await look()))
  app.get('/v1/watch', c => {
    // a HEAD request has no body: the stream would never end
    if (c.req.method === 'HEAD') return c.body(null, 200, { 'Content-Type': 'text/event-stream' })
    const over = whenEither(c.req.raw.signal, closing)
    return streamSSE(c, async stream => {
      stream.onAbort(() => over.abort())
      const cancel = every(clock, BEAT_MS, () => void stream.write(': no change\n\n'))
      try {
        await stream.write(`retry: ${RETRY_MS}\n\n`)
        for await (const message of broadcast.watch(over.signal)) await stream.writeSSE(message)
      } finally {
        cancel()
        over.abort()
      }
    })
  })
  app.get('/v1/history', async c => {
    const { since, name, limit } = c.req.query()
    const outcomes = c.req.queries('outcome')?.map(outcomeOf)
    const query: HistoryQuery = { name, since: sinceOf(since), outcomes, limit: limitOf(limit) }
    const entries = await readHistory(tables.client, query, deadline())
    return c.body(
      JSON.stringify({ entries }, (_, value) => value ?? null),
      200,
      { 'Content-Type': 'application/json' },
    )
  })
  return app
}

/** Aborts when one of the two does. The caller aborts it in the end, which removes its listeners. */
function whenEither(client: AbortSignal, closing: AbortSignal): AbortController {
  const over = new AbortController()
  const end = () => over.abort()
  for (const signal of [client, closing]) {
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true, signal: over.signal })
  }
  return over
}

function sinceOf(text: string | undefined): HistoryQuery['since'] {
  if (text === undefined) return undefined
  const moment = parseDuration(text) ?? parseDate(text)
  if (moment !== undefined) return moment
  throw new SeraError(
    'usage',
    `since: expected 2h, 7d, 2026-11-21 or 2026-11-21T16:40 (UTC), got ${JSON.stringify(text)}`,
  )
}

function outcomeOf(word: string): string {
  if (RECORDED.includes(word)) return word
  throw new SeraError('usage', `outcome: expected ${RECORDED.join(', ')}, got ${JSON.stringify(word)}`)
}

function limitOf(text: string | undefined): number {
  return checkCount('limit', text === undefined ? DEFAULT_LIMIT : Number(text), HIGHEST_LIMIT)
}
