/** One claim of this process: known by its id, kept alive by renewals, and lost when it can no longer be proven to live. */
import type { Cancel, Clock } from '../clock.js'
import { SeraError } from '../errors.js'
import { fenceOf } from '../fence.js'
import type { Claim, ResourceKey } from './model.js'

export interface ClaimWatcher {
  /** The claim lives until `until`, ms on the boot clock. */
  renewed(until: number): void
  /** The claim is gone, and why. */
  gone(reason: string): void
}

/** How late it may be noticed that the machine was suspended. */
const FENCE_LOOK_MS = 1000

export class OwnClaim {
  /** As it was last seen. */
  seen: Claim | undefined
  /** What the rule told that let it go on. */
  answer: string | undefined
  /** Whether it may be in the tables: it has been seen there, or the answer to a step that would have put it there got lost. */
  mayExist = false
  /** A renewal has not found it. */
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
    /** How long before the end of its lease whoever holds the claim wants to be told, ms. */
    readonly graceMs: number,
    readonly clock: Clock,
  ) {}

  /** When the last confirmed renewal was sent, ms on the boot clock. */
  get provenAt(): number {
    return this.#provenAt
  }

  /** Nobody can take the claim for dead before this moment, ms on the boot clock: last confirmed renewal sent + lease. */
  get until(): number {
    return this.#provenAt + this.leaseMs
  }

  /** When the work that relies on the claim must be told to stop, ms on the boot clock. */
  get fence(): number {
    return fenceOf(this.until, this.graceMs)
  }

  /** Aborts with SeraError `lost` when whoever relies on the claim has to stop: a grace before it can be somebody else's. */
  get signal(): AbortSignal {
    this.#lost ??= new AbortController() // of the thousands who may wait, nobody listens
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

  /** From now on somebody relies on the claim. */
  hold(): void {
    this.#held = true
    this.#watchFence()
  }

  /** Nobody relies on it any more. */
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

  /** A timer of its own, that no call to the store can hold up; timers don't count suspend, so it looks again and again. */
  #watchFence(): void {
    this.#cancel()
    const left = this.fence - this.clock.boot()
    if (left <= 0) this.#lose('the server did not confirm it in time')
    else this.#cancel = this.clock.after(Math.min(left, FENCE_LOOK_MS), () => this.#watchFence())
  }

  #lose(reason: string): void {
    this.#lost ??= new AbortController()
    this.#lost.abort(new SeraError('lost', `the claim on ${this.key.kind} ${this.key.name} was lost: ${reason}`))
  }
}
