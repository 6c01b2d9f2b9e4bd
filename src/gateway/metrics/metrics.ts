/** This gateway's own counters, for Prometheus. `routes/metrics.ts` adds the counts of claims from the tables. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Clock } from '../../clock.js'
import { KINDS } from '../../primitives/names.js'
import { VERSION } from '../../version.js'

/** How a wait ended. `refused`: it was not to wait, and would have had to. `gone`: the client disconnected or the gateway shut down. */
export type WaitResult = 'granted' | 'refused' | 'timed-out' | 'gone' | 'failed'

/** The number of claims by kind. */
export interface ClaimCounts {
  held: ReadonlyMap<string, number>
  waiting: ReadonlyMap<string, number>
}

/** Seconds: from delays that a script notices to those that a person notices. */
const WAITS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800]

/** Are NaN until the event loop has been measured, and not every reader accepts NaN. */
const NO_NUMBERS = ['min', 'mean', 'stddev'].map(name => `nodejs_eventloop_lag_${name}_seconds`)

/** Gauges with the name of a counter, which `promtool check metrics` refuses. Another metric has the same numbers by type. */
const MISNAMED = ['handles', 'requests', 'resources'].map(name => `nodejs_active_${name}_total`)

export class GatewayMetrics {
  readonly #registry = new Registry()
  readonly #acquisitions = new Counter({
    ...this.#named('sera_acquisitions_total', "Finished waits of this gateway's clients, by outcome."),
    labelNames: ['kind', 'outcome'] as const,
  })
  readonly #waited = new Histogram({
    ...this.#named('sera_wait_seconds', 'Seconds that clients of this gateway waited for a grant.'),
    labelNames: ['kind'] as const,
    buckets: WAITS_S,
  })
  readonly #timeouts = new Counter({
    ...this.#named('sera_timeouts_total', "Waits of this gateway's clients that timed out."),
    labelNames: ['kind'] as const,
  })
  readonly #lost = new Counter({
    ...this.#named('sera_lost_total', 'Answers of this gateway that told a client that its claim is lost.'),
  })
  readonly #databaseErrors = new Counter({
    ...this.#named('sera_database_errors_total', 'Failed database calls, also those that were retried.'),
    labelNames: ['code'] as const,
  })
  readonly #held = new Gauge({
    ...this.#named('sera_held', 'Granted claims, at all gateways and hosts.'),
    labelNames: ['kind'] as const,
  })
  readonly #waiting = new Gauge({
    ...this.#named('sera_waiting', 'Waiting claims, at all gateways and hosts.'),
    labelNames: ['kind'] as const,
  })

  constructor(readonly clock: Clock) {
    new Gauge({ ...this.#named('sera_build_info', 'Always 1.'), labelNames: ['version'] }).set({ version: VERSION }, 1)
    collectDefaultMetrics({ register: this.#registry })
    for (const name of [...NO_NUMBERS, ...MISNAMED]) this.#registry.removeSingleMetric(name)
  }

  /** Call it when a wait starts, and the returned function when it ends. */
  waitStarted(kind: string): (ending: WaitResult) => void {
    const startedAt = this.clock.now()
    return outcome => {
      this.#acquisitions.inc({ kind, outcome })
      if (outcome === 'granted') this.#waited.observe({ kind }, (this.clock.now() - startedAt) / 1000)
      if (outcome === 'timed-out') this.#timeouts.inc({ kind })
    }
  }

  lost(): void {
    this.#lost.inc()
  }

  /** `code`: of the driver or the system, such as `ECONNREFUSED`. */
  databaseFailed(code: string): void {
    this.#databaseErrors.inc({ code })
  }

  /** The text for Prometheus; without `claims` it has no counts of claims. */
  async text(claims: ClaimCounts | undefined): Promise<string> {
    this.#shows(this.#held, claims?.held)
    this.#shows(this.#waiting, claims?.waiting)
    return await this.#registry.metrics()
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  #shows(gauge: Gauge<'kind'>, counts: ReadonlyMap<string, number> | undefined): void {
    gauge.reset()
    if (counts) for (const kind of KINDS) gauge.set({ kind }, counts.get(kind) ?? 0)
  }

  #named(name: string, help: string) {
    return { name, help, registers: [this.#registry] }
  }
}
