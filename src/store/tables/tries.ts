/**
 * The tries of one call to the lock tables: their number, whether an outcome is unknown, and how long to go on.
 *
 * 1. A try that fails by contention (another transaction was first, or a row is locked) was not done.
 * 2. A try that fails otherwise may have been done: its outcome is in doubt until a later try finds out.
 * 3. Contention alone never ends a waiter's call before its deadline. Each contention is an answer of the server, so it
 *    restarts the time limit for other failures.
 * 4. Once an outcome is in doubt, a waiter's call ends at most `withinMs` later.
 */

import type { Clock } from '../../clock.js'
import type { Deadline } from '../../deadline.js'
import { isContention } from '../mysql/retry.js'

/** Minimum time for contention, which ends sooner than a server restarts; a call without a wait needs it, too. */
const CONTENTION_MS = 5000

export class Tries {
  /** From 1. */
  count = 0
  /** When the first try with an unknown outcome was sent, boot clock, ms. */
  doubtfulSince: number | undefined
  readonly #startedAt: number
  /** Start of the time limit for failures other than contention, monotonic clock, ms. */
  #since: number
  #sentAt = 0

  constructor(
    readonly clock: Clock,
    readonly deadline: Deadline,
    readonly connectWaitMs: number,
    /** For a waiter, see StepOptions. */
    readonly withinMs?: number | undefined,
  ) {
    this.#startedAt = this.#since = clock.now()
  }

  begin(): void {
    this.count++
    this.#sentAt = this.clock.boot()
  }

  /** Passes on the result of a try that has reached a server. */
  async note<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (!isContention(error)) this.doubtfulSince ??= this.#sentAt
      throw error
    }
  }

  /** Until when a try after such a failure is worth it, monotonic clock, ms. */
  giveUpAt(error: unknown): number {
    const { withinMs = Number.POSITIVE_INFINITY } = this
    if (isContention(error)) return Math.max(this.#contendUntil(), this.#startedAt + CONTENTION_MS)
    return Math.min(this.deadline.until, this.#since + Math.min(this.connectWaitMs, withinMs))
  }

  #contendUntil(): number {
    const { withinMs } = this
    const { until } = this.deadline
    if (withinMs === undefined) return Math.min(until, this.#since + this.connectWaitMs)
    if (this.doubtfulSince !== undefined) return Math.min(until, this.#since + withinMs)
    this.#since = this.clock.now()
    return until
  }
}
