/** One claim of this process. It is lost when its last confirmed renewal is too old to rely on. */
import type { Cancel, Clock } from '../clock.js'
import { SeraError } from '../errors.js'
import { fenceOf } from '../fence.js'
import type { Claim, ResourceKey } from './model.js'

export interface ClaimWatcher {
  /** The claim lives until `until`, ms on the boot clock. */
  renewed(until: number): void
  /** The claim no longer exists; with the reason. */
  gone(reason: string): void
}

/** Longest time between checks of the fence, because timers do not count suspend. */
const FENCE_CHECK_MS = 1000

export class OwnClaim {
  /** The claim as it was last read. */
  seen: Claim | undefined
  /** The answer of the rule that ended the wait. */
  answer: string | undefined
  /** Whether it may be in the tables: it was read there, or the answer to a step that may have written it was lost. */
  mayExist = false
  /** A renewal did not find it. */
  isGone = false
  watcher: ClaimWatcher | undefined
  #lost: AbortController | undefined
  #provenAt = Number.NEGATIVE_INFINITY
  #cancel: Cancel = () => {}
  #held = false

  constructor(
    readonly key: ResourceKey,
    readonly id: string,
    readonly leaseMs: number,
    /** How long before the end of the lease the work must stop, ms, in addition to the safety margin. */
    readonly graceMs: number,
    readonly clock: Clock,
  ) {}

  /** When the last confirmed renewal was sent, ms on the boot clock. */
  get provenAt(): number {
    return this.#provenAt
  }

  /** No other process reaps the claim before this time, ms on the boot clock: last confirmed renewal sent + lease. */
  get until(): number {
    return this.#provenAt + this.leaseMs
  }

  /** When the work under the claim gets the signal to stop, ms on the boot clock. */
  get fence(): number {
    return fenceOf(this.until, this.graceMs)
  }

  /** Aborts with SeraError `lost` when the work under the claim must stop: at the fence, or when the claim no longer exists. */
  get signal(): AbortSignal {
    this.#lost ??= new AbortController() // made on demand: thousands of waiters never use it
    return this.#lost.signal
  }

  /** A renewal that was sent then (boot clock) has been confirmed. */
  proven(sentAt: number): void {
    if (sentAt <= this.#provenAt) return
    this.#provenAt = sentAt
    this.isGone = false
    if (this.#held) this.#watchFence()
    this.watcher?.renewed(this.until)
  }

  /** Work under the claim begins: the fence is watched. */
  hold(): void {
    this.#held = true
    this.#watchFence()
  }

  /** Work under the claim has ended. */
  letGo(): void {
    this.#held = false
    this.#cancel()
  }

  gone(reason: string): void {
    this.isGone = true
    this.watcher?.gone(reason)
    if (this.#held) this.#lose(reason)
    this.letGo()
  }

  /** A timer that no call to the store can delay. Timers do not count suspend, so it checks the clock repeatedly. */
  #watchFence(): void {
    this.#cancel()
    const left = this.fence - this.clock.boot()
    if (left <= 0) this.#lose('the server did not confirm a renewal in time')
    else this.#cancel = this.clock.after(Math.min(left, FENCE_CHECK_MS), () => this.#watchFence())
  }

  #lose(reason: string): void {
    this.#lost ??= new AbortController()
    this.#lost.abort(new SeraError('lost', `the claim on ${this.key.kind} ${this.key.name} was lost: ${reason}`))
  }
}
