/**
 * The safety margin, on both sides of the moment at which a lock changes hands.
 *
 * 1. The holder: what runs under the lock gets the order to stop at the fence. With the grace that it has for that, it is gone a
 *    margin before the lock can be another's.
 * 2. The others: they take a holder for dead no sooner than a lease and a margin after they first saw its last renewal.
 *
 * A second covers what neither side can measure: clocks of two hosts that drift apart within a lease, timers that fire late on a
 * busy machine, and the time that a KILL takes to work.
 */
export const SAFETY_MARGIN_MS = 1000

/** When what runs under a lock must be told to stop, given the end of the lock; both on the boot clock, ms. */
export function fenceOf(until: number, graceMs: number): number {
  return until - graceMs - SAFETY_MARGIN_MS
}
