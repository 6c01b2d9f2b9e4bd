/**
 * How often a waiter polls. The rate falls with the place in the queue and with the time that the waiter has waited, so that a
 * long queue costs the server about as much as a short one.
 */
import type { Claim, ResourceState } from './model.js'

/** Between polls, for each claim that waits ahead. */
export const PACE_MS = 10
const LONGEST_PAUSE_MS = 5000

/** Milliseconds until the next poll. A waiter backs off with age: the pause is at least 1/2000 of what it has waited. */
export function pause(paceMs: number, waitedMs: number): number {
  return Math.min(LONGEST_PAUSE_MS, Math.max(PACE_MS, paceMs, waitedMs / 2000))
}

/** 10 ms for each place in the queue. */
export function paceByPosition({ claims }: ResourceState, { ticket }: Claim): number {
  return PACE_MS * (1 + claims.filter(claim => claim.state === 'waiting' && claim.ticket < ticket).length)
}

/** For waiters that are granted together: the same pause for each, 2 ms for each claim. */
export function paceTogether({ claims }: ResourceState): number {
  return 2 * claims.length
}
