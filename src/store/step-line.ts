/**
 * The steps of one resource that this process has to do. At the server they would only wait for each other: there they stand in line
 * one a process. Those of newcomers who stand next to each other are done together.
 */
import type { Calls } from './calls.js'
import type { Patience, StepOptions, StepResult } from './claims.js'
import { MOST_AT_ONCE, runJoins } from './joins.js'
import { runStep, type Step } from './step.js'

export interface Waiting {
  step: Omit<Step, 'sentAt'>
  patience: Pick<StepOptions, keyof Patience | 'withinMs'>
  resolve: (result: StepResult) => void
  reject: (error: unknown) => void
}

export class StepLine {
  readonly #waiting: Waiting[] = []
  #running = false

  constructor(
    readonly calls: Calls,
    /** Nobody is left. */
    readonly ended: () => void,
  ) {}

  add(one: Waiting): void {
    this.#waiting.push(one)
    if (!this.#running) void this.#run()
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    this.#running = true
    for (let next = this.#next(); next.length > 0; next = this.#next()) {
      if (next.length > 1) await this.#together(next)
      else await this.#alone(next[0] as Waiting)
    }
    this.#running = false
    this.ended()
  }

  /** The first, or all the newcomers who stand first. */
  #next(): Waiting[] {
    const other = this.#waiting.findIndex(({ step }) => !isNewcomer(step))
    const newcomers = other === -1 ? this.#waiting.length : other
    return this.#waiting.splice(0, Math.max(1, Math.min(newcomers, MOST_AT_ONCE)))
  }

  /** When nobody knows what has become of them, each is done alone, and found by his id. */
  async #together(all: readonly Waiting[]): Promise<void> {
    const join = this.calls.persist(
      async (connection, attempt) => {
        if (attempt > 1) return undefined
        const sentAt = this.#clock.boot()
        const steps = all.map(({ step }) => ({ ...step, sentAt }))
        return await runJoins(connection, steps, Math.max(...steps.map(oldestOf)))
      },
      this.#patience(all[0] as Waiting),
    )
    const results = await join.catch(() => undefined)
    results?.forEach((result, at) => {
      all[at]?.resolve(result)
    })
    const [next, ...others] = all.slice(results?.length ?? 0)
    if (next) await this.#alone(next)
    if (results) this.#waiting.unshift(...others)
    else for (const one of others) await this.#alone(one)
  }

  async #alone({ step, patience, resolve, reject }: Waiting): Promise<void> {
    try {
      const result = await this.calls.persist(async (connection, attempt) => {
        // an earlier attempt may have put the claim where a look at the oldest would miss it
        const again = attempt > 1 ? { read: 'all' as const } : {}
        return await runStep(connection, { ...step, ...again, sentAt: this.#clock.boot() })
      }, this.#patience({ patience }))
      resolve(result)
    } catch (error) {
      reject(error)
    }
  }

  #patience({ patience: { until, withinMs = Number.POSITIVE_INFINITY, signal } }: Pick<Waiting, 'patience'>): Patience {
    return { until: Math.min(until, this.#clock.now() + withinMs), signal }
  }

  get #clock() {
    return this.calls.options.clock
  }
}

function isNewcomer({ join, read }: Waiting['step']): boolean {
  return join && typeof read === 'object'
}

function oldestOf({ read }: Step): number {
  return typeof read === 'object' ? read.oldest : 0
}
