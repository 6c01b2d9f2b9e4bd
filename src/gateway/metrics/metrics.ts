/** What is counted of this gateway's work, for Prometheus; `metrics.ts` adds what the tables say of all. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Clock } from '../../clock.js'
import { KINDS } from '../../primitives/names.js'
import { VERSION } from '../../version.js'

/** How a wait has ended. `refused`: who did not want to wait would have to. `gone`: the client or the gateway, before. */
export type WaitResult = 'granted' | 'refused' | 'timed-out' | 'gone' | 'failed'

/** Who holds and who waits, by kind. */
export interface ClaimCounts {
  held: ReadonlyMap<string, number>
  waiting: ReadonlyMap<string, number>
}

/** From what a script notices to what a person does, s. */
const WAITS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800]

/** Until the event loop has been measured these are NaN, which not every reader accepts. */
const NO_NUMBERS = ['min', 'mean', 'stddev'].map(name => `nodejs_eventloop_lag_${name}_seconds`)

/** Gauges with the name of a counter, which `promtool check metrics` refuses; each is the sum of one by type. */
const MISNAMED = ['handles', 'requests', 'resources'].map(name => `nodejs_active_${name}_total`)

export class GatewayMetrics {
  readonly #registry = new Registry()
  readonly #acquisitions = new Counter({
    ...this.#named('sera_acquisitions_total', 'Waits of clients of this gateway that have ended, by how.'),
    labelNames: ['kind', 'outcome'] as const,
  })
  readonly #waited = new Histogram({
    ...this.#named('sera_wait_seconds', 'How long those waited here who were granted what they wanted.'),
    labelNames: ['kind'] as const,
    buckets: WAITS_S,
  })
  readonly #timeouts = new Counter({
    ...this.#named('sera_timeouts_total', 'Waits here that were over before their turn came.'),
    labelNames: ['kind'] as const,
  })
  readonly #lost = new Counter({
    ...this.#named('sera_lost_total', 'Times that a client was told here that it no longer holds what it held.'),
  })
  readonly #databaseErrors = new Counter({
    ...this.#named('sera_database_errors_total', 'Calls to the database that failed, also those that were repeated.'),
    labelNames: ['code'] as const,
  })
  readonly #held = new Gauge({
    ...this.#named('sera_held', 'Claims that are granted, at all gateways and hosts.'),
    labelNames: ['kind'] as const,
  })
  readonly #waiting = new Gauge({
    ...this.#named('sera_waiting', 'Claims that wait, at all gateways and hosts.'),
    labelNames: ['kind'] as const,
  })

  constructor(readonly clock: Clock) {
    new Gauge({ ...this.#named('sera_build_info', 'Always 1.'), labelNames: ['version'] }).set({ version: VERSION }, 1)
    collectDefaultMetrics({ register: this.#registry })
    for (const name of [...NO_NUMBERS, ...MISNAMED]) this.#registry.removeSingleMetric(name)
  }

  /** Somebody begins to wait. The function it returns tells how that ended. */
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

  /** `code`: as the driver or the system calls it, `ECONNREFUSED` for one. */
  databaseFailed(code: string): void {
    this.#databaseErrors.inc({ code })
  }

  /** The text for Prometheus; without a crowd it does not tell of one. */
  async text(crowd: ClaimCounts | undefined): Promise<string> {
    this.#shows(this.#held, crowd?.held)
    this.#shows(this.#waiting, crowd?.waiting)
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
