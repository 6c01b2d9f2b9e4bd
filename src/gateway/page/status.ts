/**
 * The part of the JSON of `/v1/watch` and `/v1/history` that the page shows. `sera status` and `sera history` print the same.
 */

import type { KnownClaim } from './claim-text.js'

export interface Status {
  server: string
  /** By the server's clock, ISO. */
  at: string
  resources: readonly ResourceJson[]
  unseen: readonly string[]
}

export interface ResourceJson {
  kind: string
  name: string
  engine?: 'get_lock' | 'lease'
  /** Of a semaphore. */
  permits?: number
  /** Of a pool: the most holders. */
  maxLocks?: number
  /** Of a counter. */
  value?: number
  /** Of a barrier: how many must arrive, and how many have not arrived yet. */
  count?: number
  missing?: number
  /** Of a gate. */
  state?: 'open' | 'closed'
  closedSince?: string
  /** Null: it does not open by itself. */
  opensAt?: string | null
  /** Of a once key: its last runs. */
  record?: { success?: RunJson; failure?: RunJson }
  claims: readonly ClaimJson[]
}

export interface RunJson {
  exitCode: number
  host?: string
  finishedAt?: string
}

export interface ClaimJson extends KnownClaim {
  sinceMs?: number
  /** Its lease is over: it has expired. */
  overdue?: boolean
  /** µs since 1970: when the claim was made, and when it was granted. */
  ticket?: string
  token?: string
}

/** One finished run. */
export interface EntryJson {
  kind: string
  name: string
  outcome: string
  exitCode: number
  token: string | null
  host: string
  pid: number
  user: string
  command: string
  requestedAt: string
  grantedAt: string | null
  releasedAt: string
}

/** Identifies a resource. */
export function keyOf({ kind, name }: { kind: string; name: string }): string {
  return `${kind}/${name}`
}

export function isHeld({ state }: ClaimJson): boolean {
  return state !== 'waiting'
}

/** Whether it holds. An expired claim neither holds nor waits. */
export function holds(claim: ClaimJson): boolean {
  return isHeld(claim) && !claim.overdue
}

export function waits(claim: ClaimJson): boolean {
  return !isHeld(claim) && !claim.overdue
}

/** The longest wait at the resource, ms; undefined: no waiter. */
export function longestWait({ claims }: ResourceJson): number | undefined {
  const waiting = claims.filter(waits).map(({ sinceMs = 0 }) => sinceMs)
  return waiting.length === 0 ? undefined : Math.max(...waiting)
}
