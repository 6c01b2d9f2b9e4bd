/** Renews the claims of this process: one statement for all. */
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
    /** Called after each confirmed renewal. */
    readonly confirmed: () => void = () => {},
  ) {
    const { clock, random, leaseMs } = options
    this.#heartbeat = new Heartbeat({ clock, random, leaseMs: () => leaseMs, renew: sentAt => this.#renew(sentAt) })
  }

  /** Starts to renew a claim that is in the tables. */
  add(ownClaim: OwnClaim): void {
    if (this.#claims.size === 0) this.#heartbeat.start(this.options.clock.boot())
    this.#claims.set(ownClaim.id, ownClaim)
  }

  drop(ownClaim: OwnClaim): void {
    if (this.#claims.delete(ownClaim.id) && this.#claims.size === 0) this.#heartbeat.stop()
  }

  async #renew(sentAt: number): Promise<void> {
    const { clock, leaseMs } = this.options
    const ownClaims = [...this.#claims.values()]
    const ids = ownClaims.map(({ id }) => id)
    const alive = await this.store.renew(ids, { until: clock.now() + leaseMs / 3 })
    for (const ownClaim of ownClaims) {
      if (this.#claims.get(ownClaim.id) !== ownClaim) continue
      if (alive.has(ownClaim.id)) ownClaim.proven(sentAt)
      else {
        this.drop(ownClaim)
        ownClaim.gone('it is no longer in the lock tables (its lease ran out, or it was broken)')
      }
    }
    this.confirmed()
  }
}
