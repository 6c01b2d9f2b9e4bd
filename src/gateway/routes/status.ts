/**
 * What is held and who waits, now (`/v1/status`), whenever it changes (`/v1/watch`), and what has run (`/v1/history`).
 * They read, and change nothing.
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

/** Tells a client, and what is between, that the connection lives. */
const BEAT_MS = 15_000

/** When a browser is to come back after a connection that was lost. */
const RETRY_MS = 2000

const DEFAULT_LIMIT = 100
/** What a server bears at once; who wants more asks for it piece by piece, with `since`. */
const HIGHEST_LIMIT = 10_000

export function statusRoutes({ tables, clock, closing }: Gateway): Hono<Env> {
  const app = new Hono<Env>()
  const deadline = () => ({ until: clock.now(), signal: closing })
  const look = async () => statusObject(await readStatus(tables.client, {}, deadline()))
  const feed = new StatusBroadcast(look, closing, clock)
  app.get('/v1/status', async c => c.json(await look()))
  app.get('/v1/watch', c => {
    // nobody would read the stream, or end it
    if (c.req.method === 'HEAD') return c.body(null, 200, { 'Content-Type': 'text/event-stream' })
    const over = whenEither(c.req.raw.signal, closing)
    return streamSSE(c, async stream => {
      stream.onAbort(() => over.abort())
      const cancel = every(clock, BEAT_MS, () => void stream.write(': nothing has changed\n\n'))
      try {
        await stream.write(`retry: ${RETRY_MS}\n\n`)
        for await (const news of feed.watch(over.signal)) await stream.writeSSE(news)
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

/** Aborts when one of both does. Nothing of it stays with them afterwards: it aborts in the end. */
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
  throw new SeraError('usage', `since takes 2h, 7d, 2026-11-21 or 2026-11-21T16:40 (UTC), not ${JSON.stringify(text)}`)
}

function outcomeOf(word: string): string {
  if (RECORDED.includes(word)) return word
  throw new SeraError('usage', `outcome is ${JSON.stringify(word)}; it takes ${RECORDED.join(', ')}`)
}

function limitOf(text: string | undefined): number {
  return checkCount('limit', text === undefined ? DEFAULT_LIMIT : Number(text), HIGHEST_LIMIT)
}
