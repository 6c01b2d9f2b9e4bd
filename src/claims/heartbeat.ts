/** Keeps the claims of a process alive: one statement every third of a lease renews them all. */
import type { Cancel, Clock } from '../clock.js'
import type { ClaimStore } from './model.js'
import type { OwnClaim } from './own-claim.js'

/** After a renewal that failed for good; the store itself has tried again until then. */
const RETRY_MS = 250

export class Heartbeat {
  readonly #claims = new Map<string, OwnClaim>()
  #next: Cancel | undefined
  #beating = false

  constructor(
    readonly store: ClaimStore,
    readonly clock: Clock,
    readonly leaseMs: number,
    /** Called after each renewal that was confirmed. */
    readonly confirmed: () => void = () => {},
  ) {}

  /** Renews a claim that is in the tables from now on. */
  add(ownClaim: OwnClaim): void {
    this.#claims.set(ownClaim.id, ownClaim)
    this.#schedule(this.leaseMs / 3)
  }

  drop(ownClaim: OwnClaim): void {
    this.#claims.delete(ownClaim.id)
    if (this.#claims.size > 0) return
    this.#next?.()
    this.#next = undefined
  }

  #schedule(ms: number): void {
    if (this.#beating || this.#claims.size === 0) return
    this.#next ??= this.clock.after(ms, () => void this.#beat())
  }

  /** The next beat is a third of a lease after this one was sent, however long its answer takes. */
  async #beat(): Promise<void> {
    this.#next = undefined
    this.#beating = true
    const sentAt = this.clock.boot()
    const asked = [...this.#claims.values()]
    const done = await this.#renew(asked, sentAt)
    const passed = this.clock.boot() - sentAt
    this.#beating = false
    if (done) this.confirmed()
    this.#schedule(done ? Math.max(0, this.leaseMs / 3 - passed) : RETRY_MS)
  }

  async #renew(asked: readonly OwnClaim[], sentAt: number): Promise<boolean> {
    let alive: Set<string>
    try {
      const ids = asked.map(({ id }) => id)
      alive = await this.store.renew(ids, { until: this.clock.now() + this.leaseMs / 3 })
    } catch {
      return false // whoever holds a claim has a deadline, which only a confirmed renewal moves on
    }
    for (const ownClaim of asked) {
      if (this.#claims.get(ownClaim.id) !== ownClaim) continue
      if (alive.has(ownClaim.id)) ownClaim.proven(sentAt)
      else {
        this.drop(ownClaim)
        ownClaim.gone('it is no longer in the lock tables (its lease ran out, or somebody broke it)')
      }
    }
    return true
  }
}
