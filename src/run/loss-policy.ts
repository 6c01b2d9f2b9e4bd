/**
 * Decides what happens to a command whose lock is lost (`--on-lost`), and computes the fence, by which it must have ended.
 *
 * - `terminate`: the command is ended at once.
 * - `reclaim`: sera tries until the fence to get the same lock back. The command goes on only if sera has the lock again
 *   before the fence and nothing has begun to end the command. Then renewals start again, with another lifeline. A second
 *   guard holds that lifeline before the server can grant the lock, so a kill of sera never frees it while the command runs.
 * - `ignore`: the command goes on, and there is no fence.
 */
import type { HeldLock } from '../claims/lock.js'
import type { Clock } from '../clock.js'
import type { OnLost } from '../config/settings.js'
import { SeraError, unreachable } from '../errors.js'
import { fenceOf } from '../fence.js'

/** The decisions of the policy, for the run. */
export interface LossEvents {
  /** The lock was renewed: the fence has moved. */
  renewed(): void
  /** The lock is lost, and the command goes on without it. */
  ignored(): void
  /** sera may get the lock back with this lifeline; undefined: it will not. */
  reclaiming(lifeline: number | undefined): void
  /** The lock is held again, with another lifeline. */
  reclaimed(): void
  /** The lock is lost, and the command must be ended. */
  lost(reason: string): void
  /** Whether something has begun to end the command. */
  isEnding(): boolean
}

export interface LossOptions {
  onLost: OnLost
  graceMs: number
  clock: Clock
  warn: (message: string) => void
}

export class LossPolicy {
  /** Why the lock is lost; undefined while it is held. */
  lostFor: string | undefined

  constructor(
    readonly lock: HeldLock,
    readonly options: LossOptions,
    readonly events: LossEvents,
  ) {}

  /** When to end the child, so that it has ended before another participant can hold the lock. */
  get fence(): number {
    if (this.options.onLost === 'ignore') return Number.POSITIVE_INFINITY
    return fenceOf(this.lock.until, this.options.graceMs)
  }

  /** Why the lock is not proven to be held. */
  get trouble(): string | undefined {
    return this.lostFor ?? this.lock.trouble
  }

  /** Why the lock is lost; undefined with `--on-lost ignore`. */
  get fatalLoss(): string | undefined {
    return this.options.onLost === 'ignore' ? undefined : this.lostFor
  }

  /** Renews the lock from now on. */
  keep(): void {
    this.lock.keep({
      renewed: () => this.events.renewed(),
      broken: reason => void this.#broken(reason),
    })
  }

  /** @throws SeraError lock-failed if no command may start under the lock any more */
  checkStart(): void {
    const problem = this.#startProblem()
    if (problem !== undefined) throw new SeraError('lock-failed', `the lock was ${problem}; nothing was run`)
  }

  #startProblem(): string | undefined {
    if (this.fatalLoss !== undefined) return `lost before the command started (${this.fatalLoss})`
    if (this.options.clock.boot() >= this.fence) return 'granted too late to be safe (was sera stopped?)'
    return undefined
  }

  async #broken(reason: string): Promise<void> {
    this.lostFor = reason
    const { onLost, warn } = this.options
    switch (onLost) {
      case 'ignore':
        this.events.ignored()
        return warn(`lock lost (${reason}); the command goes on, as --on-lost ignore says`)
      case 'terminate':
        return this.events.lost(reason)
      case 'reclaim':
        return await this.#reclaim(reason)
      default:
        return unreachable(onLost)
    }
  }

  async #reclaim(reason: string): Promise<void> {
    const { fence } = this // read it first: it moves when the lock is reclaimed
    const { clock, warn } = this.options
    const reclaimed = await this.lock.reclaim(fence, lifeline => this.events.reclaiming(lifeline))
    if (!reclaimed || this.events.isEnding() || clock.boot() >= fence) return this.events.lost(reason)
    this.lostFor = undefined
    warn(`lock reclaimed after it was lost (${reason}); the command goes on`)
    this.keep()
    this.events.reclaimed()
  }
}
