/**
 * The tries of one call to the lock tables: how many there were, what is not known of them, and how long to go on.
 *
 * 1. What fails by contention (a rival was quicker, a row is locked) was not done.
 * 2. What fails otherwise may have been done: its outcome is in doubt until a later try has found out.
 * 3. Contention alone never ends the call of a waiter before its deadline. Each time it is met the server has answered, so the
 *    time that other failures are given begins again.
 * 4. Once an outcome is in doubt, the call of a waiter ends `withinMs` later at the latest.
 */

import type { Clock } from '../../clock.js'
import type { Deadline } from '../../deadline.js'
import { isContention } from '../mysql/retry.js'

/** A rival passes sooner than a server comes back, and a call that does not wait meets rivals, too. */
const CONTENTION_MS = 5000

export class Tries {
  /** From 1. */
  count = 0
  /** When the first try was sent whose outcome is not known, boot clock, ms. */
  doubtfulSince: number | undefined
  readonly #startedAt: number
  /** Monotonic clock, ms: what the limits of failures other than contention count from. */
  #since: number
  #sentAt = 0

  constructor(
    readonly clock: Clock,
    readonly deadline: Deadline,
    readonly connectWaitMs: number,
    /** Of a waiter, see StepOptions. */
    readonly withinMs?: number | undefined,
  ) {
    this.#startedAt = this.#since = clock.now()
  }

  begin(): void {
    this.count++
    this.#sentAt = this.clock.boot()
  }

  /** Hands on how one try ended that has reached a server. */
  async note<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (!isContention(error)) this.doubtfulSince ??= this.#sentAt
      throw error
    }
  }

  /** Until when a failure like this one is worth another try, monotonic clock, ms. */
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
