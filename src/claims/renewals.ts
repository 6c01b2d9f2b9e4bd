/** Which claims of a process are renewed: one statement renews them all. */
import type { Clock, Random } from '../clock.js'
import { Heartbeat } from './heartbeat.js'
import type { ClaimStore } from './model.js'
import type { OwnClaim } from './own-claim.js'

export interface RenewalsOptions {
  clock: Clock
  random: Random
  leaseMs: number
}

export class Renewals {
  readonly #claims = new Map<string, OwnClaim>()
  readonly #heartbeat: Heartbeat

  constructor(
    readonly store: ClaimStore,
    readonly options: RenewalsOptions,
    /** Called after each renewal that was confirmed. */
    readonly confirmed: () => void = () => {},
  ) {
    const { clock, random, leaseMs } = options
    this.#heartbeat = new Heartbeat({ clock, random, leaseMs: () => leaseMs, renew: sentAt => this.#renew(sentAt) })
  }

  /** Renews a claim that is in the tables from now on. */
  add(ownClaim: OwnClaim): void {
    if (this.#claims.size === 0) this.#heartbeat.start(this.options.clock.boot())
    this.#claims.set(ownClaim.id, ownClaim)
  }

  drop(ownClaim: OwnClaim): void {
    if (this.#claims.delete(ownClaim.id) && this.#claims.size === 0) this.#heartbeat.stop()
  }

  async #renew(sentAt: number): Promise<void> {
    const { clock, leaseMs } = this.options
    const asked = [...this.#claims.values()]
    const ids = asked.map(({ id }) => id)
    const alive = await this.store.renew(ids, { until: clock.now() + leaseMs / 3 })
    for (const ownClaim of asked) {
      if (this.#claims.get(ownClaim.id) !== ownClaim) continue
      if (alive.has(ownClaim.id)) ownClaim.proven(sentAt)
      else {
        this.drop(ownClaim)
        ownClaim.gone('it is no longer in the lock tables (its lease ran out, or somebody broke it)')
      }
    }
    this.confirmed()
  }
}
