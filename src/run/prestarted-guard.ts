/**
 * A guard that is started while the lock is waited for, so that the command need not wait for its start when the lock is
 * handed over. It holds the lifeline of the connection that waits, and knows nothing of a child yet.
 */
import { Guard, type GuardOptions } from '../child/guard.js'

export class PrestartedGuard {
  #guard: Guard | undefined

  constructor(readonly options: Omit<GuardOptions, 'lifeline'>) {}

  /** The wait goes on with this lifeline, or, undefined, with one that is not known yet. */
  prepare(lifeline: number | 'none' | undefined): void {
    this.dismiss()
    if (lifeline === undefined) return
    try {
      this.#guard = new Guard({ ...this.options, lifeline: lifeline === 'none' ? undefined : lifeline })
    } catch {} // tried again, and then for good, when the lock is granted
  }

  /** Hands the guard over, if there is one. */
  take(): Guard | undefined {
    const guard = this.#guard
    this.#guard = undefined
    return guard
  }

  dismiss(): void {
    this.take()?.dismiss()
  }
}
