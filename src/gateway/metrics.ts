/** `/metrics`, as Prometheus scrapes it; while the database can't be asked, it tells of the rest. */
import { Hono, type MiddlewareHandler } from 'hono'
import { SeraError } from '../errors.js'
import { isExpired, pictureOf } from '../status/picture.js'
import type { Patience } from '../store/claims.js'
import { type Survey, survey } from '../store/survey.js'
import type { Env } from './env.js'
import type { Gateway } from './gateway.js'
import type { Crowd, Meter } from './meter.js'
import { promptly } from './patience.js'

/** Prometheus gives up after 10 s, unless it is told otherwise. */
const SURVEY_WITHIN_MS = 2000

/** However many scrape: the tables are read once in so long. */
const FRESH_MS = 5000

export function metrics({ tables, clock, meter }: Gateway): Hono<Env> {
  const app = new Hono<Env>()
  let crowd: Promise<Crowd | undefined> = Promise.resolve(undefined)
  let askedAt = Number.NEGATIVE_INFINITY
  app.get('/metrics', async c => {
    if (clock.now() - askedAt >= FRESH_MS) {
      askedAt = clock.now()
      const ask = (patience: Patience) => survey(tables.calls, { getLocks: undefined }, patience)
      crowd = promptly(clock, SURVEY_WITHIN_MS, ask).then(crowdOf, () => undefined)
    }
    return c.body(await meter.text(await crowd), 200, { 'Content-Type': meter.contentType })
  })
  return app
}

/** Counts what a client hears of in whichever way. */
export function counted(meter: Meter): MiddlewareHandler<Env> {
  return async (c, next) => {
    await next()
    if (c.error instanceof SeraError && c.error.kind === 'lost') meter.lost()
  }
}

/** Without the claims that have expired. */
export function crowdOf(survey: Survey): Crowd {
  const crowd = { held: new Map<string, number>(), waiting: new Map<string, number>() }
  for (const { kind, members } of pictureOf(survey).sights) {
    for (const member of members) {
      if (isExpired(member)) continue
      const counts = member.state === 'waiting' ? crowd.waiting : crowd.held
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
    }
  }
  return crowd
}
