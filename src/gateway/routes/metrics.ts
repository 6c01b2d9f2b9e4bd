/** `/metrics`, for Prometheus. While the database is unreachable, the counts of claims are left out. */
import { Hono, type MiddlewareHandler } from 'hono'
import type { Deadline } from '../../deadline.js'
import { SeraError } from '../../errors.js'
import { isExpired, statusViewOf } from '../../status/resource-view.js'
import { readSnapshot, type StoreSnapshot } from '../../store/snapshot.js'
import { withinMs } from '../http/disconnect.js'
import type { Env } from '../http/env.js'
import type { Gateway } from '../http/gateway.js'
import type { ClaimCounts, GatewayMetrics } from '../metrics/metrics.js'

/** Shorter than Prometheus' default time-out of 10 s. */
const COUNT_WITHIN_MS = 2000

/** The tables are read at most once in this time, for all scrapers together. */
const FRESH_MS = 5000

export function metrics({ tables, clock, metrics: meter }: Gateway): Hono<Env> {
  const app = new Hono<Env>()
  let counts: Promise<ClaimCounts | undefined> = Promise.resolve(undefined)
  let askedAt = Number.NEGATIVE_INFINITY
  app.get('/metrics', async c => {
    if (clock.now() - askedAt >= FRESH_MS) {
      askedAt = clock.now()
      const ask = (deadline: Deadline) => readSnapshot(tables.client, { getLocks: undefined }, deadline)
      counts = withinMs(clock, COUNT_WITHIN_MS, ask).then(countClaims, () => undefined)
    }
    return c.body(await meter.text(await counts), 200, { 'Content-Type': meter.contentType })
  })
  return app
}

/** Counts answers that tell a client that its claim is lost. */
export function countLosses(metrics: GatewayMetrics): MiddlewareHandler<Env> {
  return async (c, next) => {
    await next()
    if (c.error instanceof SeraError && c.error.kind === 'lost') metrics.lost()
  }
}

/** Counts claims by kind and state, without expired ones. */
export function countClaims(snapshot: StoreSnapshot): ClaimCounts {
  const counts = { held: new Map<string, number>(), waiting: new Map<string, number>() }
  for (const { kind, claims } of statusViewOf(snapshot).views) {
    for (const claim of claims) {
      if (isExpired(claim)) continue
      const byKind = claim.state === 'waiting' ? counts.waiting : counts.held
      byKind.set(kind, (byKind.get(kind) ?? 0) + 1)
    }
  }
  return counts
}
