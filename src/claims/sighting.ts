/**
 * Recorded sightings: how a process that cannot wait finds an expired claim.
 *
 * A step that reads a claim whose lease is over by the server's clock records a sighting in the claim's row: the number of
 * renewals, and the time (`seen_at`). A step that reads the same number long enough afterwards reaps the claim.
 *
 * Why no live claim expires by it:
 * 1. The owner stops at the latest a lease after it sent its last confirmed renewal.
 * 2. A step reads the number of renewals before it writes the sighting. So the owner sent that renewal before `seen_at`.
 * 3. A later renewal changes the number and makes the sighting invalid.
 * 4. So the owner has stopped when a lease has passed since `seen_at`.
 * 5. The age of a sighting is the difference of two readings of the server's clock. In a cluster these may be the clocks of two
 *    members, which differ by less than `maxClockSkew`. So the claim is dead at an age of lease + margin + `maxClockSkew`.
 * 6. The DELETE that reaps the claim names the number of renewals. So of a late renewal and the reaping only one takes effect.
 *
 * The remaining risk: the server's clock jumps forward twice, each time by more than two thirds of a lease, before the owner
 * renews again. After the first jump a step records a sighting of a live claim. After the second jump that sighting appears old.
 * In a cluster, a member whose clock is ahead of the others by more than two thirds of a lease has the effect of the first jump.
 */
import { SAFETY_MARGIN_MS } from '../fence.js'
import { type Claim, NEVER_MS, NO_PROCESS } from './model.js'

/** Whether a step records a sighting: the claim's lease is over, and it has no valid sighting. */
export function needsSighting(claim: Claim, maxClockSkewMs: number): boolean {
  const { processId, leaseMs, overdueMs, seenForMs } = claim
  if (processId === NO_PROCESS || leaseMs === NEVER_MS) return false
  // more than a whole lease left: the server's clock was set back after the last renewal
  const isOver = overdueMs > 0 || -overdueMs > leaseMs + maxClockSkewMs
  return isOver && (seenForMs === undefined || seenForMs < 0)
}

/** Whether the recorded sighting proves that the claim's owner has stopped. */
export function isExpiredBySighting({ leaseMs, seenForMs = 0 }: Claim, maxClockSkewMs: number): boolean {
  return seenForMs >= leaseMs + SAFETY_MARGIN_MS + maxClockSkewMs
}
