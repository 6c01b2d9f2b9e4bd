/**
 * The safety margin. Both sides keep it when an expired lock passes to another holder:
 * 1. The holder: the child gets the signal to stop at the fence, and a grace to end. So it ends a margin before the end of the lease.
 * 2. The others: they reap a claim no sooner than a lease and a margin after they first read its last renewal.
 *
 * A second covers what neither side can measure: the drift between the clocks of two hosts within a lease, timers that fire late on a
 * busy machine, and the time until a KILL takes effect.
 */
export const SAFETY_MARGIN_MS = 1000

/** When the work under a lock gets the signal to stop. `until`: the end of the lease. Both on the boot clock, ms. */
export function fenceOf(until: number, graceMs: number): number {
  return until - graceMs - SAFETY_MARGIN_MS
}
