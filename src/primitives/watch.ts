/**
 * Tells the dead from the living without believing anybody's wall clock.
 *
 * A claim is dead when this process has seen the same count of renewals for the claim's own lease and a margin, on its own
 * clock. Why that is safe: the owner stops acting a lease after it *sent* its last confirmed renewal. That renewal was written
 * later than it was sent, and seen here later than it was written; so when a lease has passed since it was first seen
 * here, more than a lease has passed for its owner. Both measure durations, never times of day, and so need only clocks
 * that run at one rate. And whoever judges a claim dead still has to delete the row with that very count of renewals:
 * of a late renewal and the reaping, one wins.
 *
 * Or the row is overdue by the server's clock by more than `maxClockSkew`, which clocks of members can't differ by: so
 * that those who don't wait get past the dead, too.
 *
 * A claim that nobody renews was given a time by the server's clock, and by that clock it ends.
 */
import type { Clock } from '../clock.js'
import { type Claim, NEVER_MS, NOBODY, type ResourceKey, type ResourceState } from '../store/claims.js'

/** What clocks may drift apart within a lease, and a margin for whoever is slow to stop. */
const MARGIN_MS = 1000

interface Sighting {
  /** With the renewals, what tells one life from the next: a claim that was reaped may come back under its id. */
  ticket: number
  renewals: number
  /** Boot clock, ms. */
  since: number
}

export class Watch {
  /** By resource; of each claim, by its id, and up to which ticket. */
  readonly #seen = new Map<string, { sightings: Map<string, Sighting>; furthest: number }>()

  constructor(
    readonly clock: Clock,
    readonly maxClockSkewMs: number,
  ) {}

  /** The dead among the claims that have just been read. */
  dead(key: ResourceKey, { claims, upTo }: ResourceState): Claim[] {
    const now = this.clock.boot()
    const name = `${key.kind}\0${key.name}`
    const { sightings: before = new Map<string, Sighting>(), furthest = 0 } = this.#seen.get(name) ?? {}
    // those further back than was read this time were not looked for: their sightings count on
    const isAll = upTo >= furthest
    const sightings = isAll ? new Map<string, Sighting>() : before
    for (const { id, ticket, renewals } of claims) {
      const seen = before.get(id)
      const same = seen?.ticket === ticket && seen.renewals === renewals
      sightings.set(id, same ? seen : { ticket, renewals, since: now })
    }
    this.#seen.set(name, { sightings, furthest: isAll ? (claims.at(-1)?.ticket ?? 0) : furthest })
    return claims.filter(claim => this.#isDead(claim, sightings.get(claim.id) as Sighting, now))
  }

  /** Nobody waits at this resource any more. */
  forget(key: ResourceKey): void {
    this.#seen.delete(`${key.kind}\0${key.name}`)
  }

  #isDead({ processId, leaseMs, overdueMs }: Claim, { since }: Sighting, now: number): boolean {
    if (leaseMs === NEVER_MS) return false
    if (processId === NOBODY) return overdueMs > 0
    return now - since >= leaseMs + MARGIN_MS || overdueMs > this.maxClockSkewMs
  }
}
