/**
 * Finds expired claims without trusting a wall clock.
 *
 * A claim is dead when this process has read the same number of renewals for the claim's lease and a margin, on its own clock.
 * Why that is safe:
 * 1. The owner stops at the latest a lease after it *sent* its last confirmed renewal.
 * 2. The owner sent that renewal before the server wrote it, and this process read it after that. So a lease after this process
 *    first read it, more than a lease has passed since the owner sent it.
 * 3. Both measure durations, not times of day. So their clocks only need to run at the same rate.
 * 4. The DELETE that reaps the claim names the number of renewals. So of a late renewal and the reaping only one takes effect.
 *
 * A process that cannot wait that long relies on a sighting that an earlier step recorded: see `sighting.ts`.
 *
 * A claim without a process (`NO_PROCESS`) expires by the server's clock.
 */
import type { Clock } from '../clock.js'
import { SAFETY_MARGIN_MS } from '../fence.js'
import { type Claim, NEVER_MS, NO_PROCESS, type ResourceKey, type ResourceState } from './model.js'
import { isExpiredBySighting } from './sighting.js'

interface Sighting {
  /** A claim that was reaped may be made again under its id. It then has another ticket. */
  ticket: number
  renewals: number
  /** Boot clock, ms. */
  since: number
}

export class FailureDetector {
  /** By resource: the sightings by claim id, and the greatest ticket read. */
  readonly #seen = new Map<string, { sightings: Map<string, Sighting>; furthest: number }>()

  constructor(
    readonly clock: Pick<Clock, 'boot'>,
    readonly maxClockSkewMs: number,
  ) {}

  /** Returns the dead among the claims that were read just now. */
  dead(key: ResourceKey, { claims, upTo }: ResourceState): Claim[] {
    const now = this.clock.boot()
    const name = `${key.kind}\0${key.name}`
    const { sightings: before = new Map<string, Sighting>(), furthest = 0 } = this.#seen.get(name) ?? {}
    // claims behind `upTo` were not read this time: their sightings stay
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

  /** Call it when this process has no claim left at the resource. */
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
