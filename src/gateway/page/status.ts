/**
 * What `/v1/watch` and `/v1/history` tell, as far as the page shows it: the JSON of `sera status` and `sera history`.
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
  /** Of a pool: how many may have it. */
  maxLocks?: number
  /** Of a counter. */
  value?: number
  /** Of a barrier: who has to come, and how many of them have not. */
  count?: number
  missing?: number
  /** Of a gate. */
  state?: 'open' | 'closed'
  closedSince?: string
  /** Null: when somebody opens it. */
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

/** One run that has ended. */
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

/** Tells one resource from all others. */
export function keyOf({ kind, name }: { kind: string; name: string }): string {
  return `${kind}/${name}`
}

export function isHeld({ state }: ClaimJson): boolean {
  return state !== 'waiting'
}

/** Holds, and its lease runs: an expired claim neither holds nor waits. */
export function holds(claim: ClaimJson): boolean {
  return isHeld(claim) && !claim.overdue
}

export function waits(claim: ClaimJson): boolean {
  return !isHeld(claim) && !claim.overdue
}

/** The longest wait there, ms; undefined: none. */
export function longestWait({ claims }: ResourceJson): number | undefined {
  const waiting = claims.filter(waits).map(({ sinceMs = 0 }) => sinceMs)
  return waiting.length === 0 ? undefined : Math.max(...waiting)
}
