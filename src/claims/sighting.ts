/**
 * Recorded sightings: how a process that cannot wait tells an expired claim from a live one.
 *
 * A step that meets a claim whose lease is over by the server's clock writes into the claim's row how many renewals the claim
 * has, and when. A step that finds the same number long enough afterwards reaps the claim.
 *
 * Why no live claim expires by it:
 * 1. The owner stops a lease after it sent its last confirmed renewal, at the latest.
 * 2. A step first reads the number of renewals and then writes the sighting. So that last renewal was sent before `seen_at`.
 * 3. A later renewal changes the number, and voids the sighting.
 * 4. So the owner has stopped when a lease has passed since `seen_at`.
 * 5. The age of a sighting is the difference of two readings of the server's clock: in a cluster of the clocks of two members,
 *    which differ by less than `maxClockSkew`. So the claim is dead at the age of lease + margin + `maxClockSkew`.
 * 6. The reaping DELETE names the number of renewals: of a late renewal and the reaping one wins.
 *
 * What remains: the server's clock is put forward twice, each time by more than two thirds of a lease, before the owner renews
 * again. The first jump lets a step record a sighting of a live claim, the second lets that sighting look old. In a cluster, a member
 * whose clock is ahead of the others by more than two thirds of a lease does what the first jump does.
 */
import { SAFETY_MARGIN_MS } from '../fence.js'
import { type Claim, NEVER_MS, NO_PROCESS } from './model.js'

/** Whether a step records that it has seen the claim: its lease is over and no valid sighting is recorded. */
export function needsSighting(claim: Claim, maxClockSkewMs: number): boolean {
  const { processId, leaseMs, overdueMs, seenForMs } = claim
  if (processId === NO_PROCESS || leaseMs === NEVER_MS) return false
  // an end further away than a whole lease: the server's clock was put back after the last renewal
  const isOver = overdueMs > 0 || -overdueMs > leaseMs + maxClockSkewMs
  return isOver && (seenForMs === undefined || seenForMs < 0)
}

/** Whether the recorded sighting proves that the claim's owner has stopped. */
export function isExpiredBySighting({ leaseMs, seenForMs = 0 }: Claim, maxClockSkewMs: number): boolean {
  return seenForMs >= leaseMs + SAFETY_MARGIN_MS + maxClockSkewMs
}
