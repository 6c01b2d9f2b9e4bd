/**
 * Tells dead claims from live ones without trusting any wall clock.
 *
 * A claim is dead when this process has seen the same number of renewals for the claim's own lease and a margin, on its own
 * clock. Why that is safe:
 * 1. The owner stops a lease after it *sent* its last confirmed renewal, at the latest.
 * 2. That renewal was written later than it was sent, and seen here later than it was written. So when a lease has passed
 *    since it was first seen here, more than a lease has passed for the owner.
 * 3. Both measure durations, never times of day: their clocks need only run at one rate.
 * 4. A claim that is judged dead is deleted with that very number of renewals: of a late renewal and the reaping one wins.
 *
 * A process that cannot wait that long relies on a sighting that an earlier step recorded: see `sighting.ts`.
 *
 * A claim without a process (`NO_PROCESS`) was given a time by the server's clock, and expires by that clock.
 */
import type { Clock } from '../clock.js'
import { SAFETY_MARGIN_MS } from '../fence.js'
import { type Claim, NEVER_MS, NO_PROCESS, type ResourceKey, type ResourceState } from './model.js'
import { isExpiredBySighting } from './sighting.js'

interface Sighting {
  /** With the renewals, what tells one life from the next: a claim that was reaped may come back under its id. */
  ticket: number
  renewals: number
  /** Boot clock, ms. */
  since: number
}

export class FailureDetector {
  /** By resource; of each claim, by its id, and up to which ticket. */
  readonly #seen = new Map<string, { sightings: Map<string, Sighting>; furthest: number }>()

  constructor(
    readonly clock: Pick<Clock, 'boot'>,
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

  /** No claim of this process is left at the resource. */
  forget(key: ResourceKey): void {
    this.#seen.delete(`${key.kind}\0${key.name}`)
  }

  #isDead(claim: Claim, { since }: Sighting, now: number): boolean {
    const { processId, leaseMs, overdueMs } = claim
    if (leaseMs === NEVER_MS) return false
    if (processId === NO_PROCESS) return overdueMs > 0
    return now - since >= leaseMs + SAFETY_MARGIN_MS || isExpiredBySighting(claim, this.maxClockSkewMs)
  }
}
