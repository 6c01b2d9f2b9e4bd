/** `/metrics`, as Prometheus scrapes it; while the database can't be asked, it tells of the rest. */
import { Hono, type MiddlewareHandler } from 'hono'
import type { Deadline } from '../../deadline.js'
import { SeraError } from '../../errors.js'
import { isExpired, statusViewOf } from '../../status/resource-view.js'
import { readSnapshot, type StoreSnapshot } from '../../store/snapshot.js'
import { withinMs } from '../http/disconnect.js'
import type { Env } from '../http/env.js'
import type { Gateway } from '../http/gateway.js'
import type { ClaimCounts, GatewayMetrics } from '../metrics/metrics.js'

/** Prometheus gives up after 10 s, unless it is told otherwise. */
const SURVEY_WITHIN_MS = 2000

/** However many scrape: the tables are read once in so long. */
const FRESH_MS = 5000

export function metrics({ tables, clock, metrics: meter }: Gateway): Hono<Env> {
  const app = new Hono<Env>()
  let crowd: Promise<ClaimCounts | undefined> = Promise.resolve(undefined)
  let askedAt = Number.NEGATIVE_INFINITY
  app.get('/metrics', async c => {
    if (clock.now() - askedAt >= FRESH_MS) {
      askedAt = clock.now()
      const ask = (deadline: Deadline) => readSnapshot(tables.client, { getLocks: undefined }, deadline)
      crowd = withinMs(clock, SURVEY_WITHIN_MS, ask).then(countClaims, () => undefined)
    }
    return c.body(await meter.text(await crowd), 200, { 'Content-Type': meter.contentType })
  })
  return app
}

/** Counts what a client hears of in whichever way. */
export function countLosses(metrics: GatewayMetrics): MiddlewareHandler<Env> {
  return async (c, next) => {
    await next()
    if (c.error instanceof SeraError && c.error.kind === 'lost') metrics.lost()
  }
}

/** Without the claims that have expired. */
export function countClaims(snapshot: StoreSnapshot): ClaimCounts {
  const crowd = { held: new Map<string, number>(), waiting: new Map<string, number>() }
  for (const { kind, claims } of statusViewOf(snapshot).views) {
    for (const claim of claims) {
      if (isExpired(claim)) continue
      const counts = claim.state === 'waiting' ? crowd.waiting : crowd.held
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
    }
  }
  return crowd
}
