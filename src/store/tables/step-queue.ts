/**
 * The steps that this process has to do at one resource. The server would run them one after the other anyway, so each
 * process sends one at a time. New claims that are next to each other in the queue are enqueued as one batch.
 */

import type { ResourceKey, StepResult } from '../../claims/model.js'
import type { Deadline } from '../../deadline.js'
import { SeraError } from '../../errors.js'
import { enqueueBatch, LARGEST_BATCH } from './batch-enqueue.js'
import { type RetryingClient, SEPARATOR } from './retrying-client.js'
import { runStep, type Step } from './step.js'
import type { Tries } from './tries.js'

export interface QueuedStep {
  step: Omit<Step, 'sentAt'>
  deadline: Deadline
  /** See StepOptions. */
  withinMs: number | undefined
  resolve: (result: StepResult) => void
  reject: (error: unknown) => void
}

export class StepQueue {
  readonly #waiting: QueuedStep[] = []
  #running = false

  constructor(
    readonly client: RetryingClient,
    /** Called when the queue is empty. */
    readonly ended: () => void,
  ) {}

  add(one: QueuedStep): void {
    this.#waiting.push(one)
    if (!this.#running) void this.#run()
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    this.#running = true
    for (let next = this.#next(); next.length > 0; next = this.#next()) {
      if (next.length > 1) await this.#runBatch(next)
      else await this.#runAlone(next[0] as QueuedStep)
    }
    this.#running = false
    this.ended()
  }

  /** The first step, or all new claims at the front. */
  #next(): QueuedStep[] {
    const other = this.#waiting.findIndex(({ step }) => !isNewClaim(step))
    const newClaims = other === -1 ? this.#waiting.length : other
    return this.#waiting.splice(0, Math.max(1, Math.min(newClaims, LARGEST_BATCH)))
  }

  /** If the outcome of the batch is unknown, each claim takes its own step, which finds it by its id. */
  async #runBatch(all: readonly QueuedStep[]): Promise<void> {
    const sentAt = this.#clock.boot()
    const [{ deadline, withinMs }] = all as [QueuedStep]
    const batch = this.client.persist(
      async (connection, { count }) => {
        if (count > 1) return undefined
        const steps = all.map(({ step }) => ({ ...step, sentAt: this.#clock.boot() }))
        return await enqueueBatch(connection, steps, Math.max(...steps.map(oldestOf)))
      },
      deadline,
      { withinMs },
    )
    const results = await batch.catch(() => undefined)
    results?.forEach((result, at) => {
      all[at]?.resolve(result)
    })
    const [next, ...others] = all.slice(results?.length ?? 0)
    const doubtfulSince = results ? undefined : sentAt
    if (next) await this.#runAlone(next, doubtfulSince)
    if (results) this.#waiting.unshift(...others)
    else for (const one of others) await this.#runAlone(one, doubtfulSince)
  }

  async #runAlone(one: QueuedStep, doubtfulSince?: number): Promise<void> {
    try {
      const result = await this.client.persist(
        async (connection, tries) => await runStep(connection, this.#step(one, tries, doubtfulSince)),
        one.deadline,
        { withinMs: one.withinMs },
      )
      one.resolve(result)
    } catch (error) {
      one.reject(error)
    }
  }

  /** A repetition finds what an earlier try wrote only while that surely exists: for a lease, by a clock that counts suspend. */
  #step({ step }: QueuedStep, tries: Tries, doubtfulSince = tries.doubtfulSince): Step {
    const { key, request } = step
    const decide: Step['decide'] = (state, me) => {
      const inDoubtMs = this.#clock.boot() - (doubtfulSince ?? Number.POSITIVE_INFINITY)
      if (inDoubtMs >= request.leaseMs) throw outcomeUnknown(key)
      return step.decide(state, me)
    }
    // an earlier try may have written the claim, and a read of the oldest may not include it
    const again = tries.count > 1 ? { read: 'all' as const } : {}
    return { ...step, ...again, decide, sentAt: this.#clock.boot() }
  }

  get #clock() {
    return this.client.options.clock
  }
}

function isNewClaim({ join, read }: QueuedStep['step']): boolean {
  return join && typeof read === 'object'
}

function oldestOf({ read }: Step): number {
  return typeof read === 'object' ? read.oldest : 0
}

function outcomeUnknown({ kind, name }: ResourceKey): SeraError {
  const own = name.slice(name.indexOf(SEPARATOR) + 1)
  return new SeraError('lock-failed', `${kind} ${own}: no answer from the server for a whole lease; outcome unknown`)
}
