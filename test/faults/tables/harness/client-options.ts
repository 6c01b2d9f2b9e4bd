/** What a team of clients is to do: plain data, handed to its process. */
import type { BrokenRule } from './broken-rules.js'

export interface ClientOptions {
  /** Names the team, and begins the names of its clients. */
  team: string
  clients: number
  /** Unix socket of the referee. */
  checker: string
  /** The resource. */
  name: string
  /** DSNs of the members; client i begins with the i-th. */
  servers: string[]
  /** Whether a client keeps to its member, whatever becomes of it. */
  pinned: boolean
  leaseMs: number
  graceMs: number
  /** How long a turn lasts at most, ms; each is a random part of it. */
  holdMs: number
  /** How long a client rests between turns at most, ms: so that somebody finds nobody there. */
  restMs?: number
  /** Where the job is done; empty: only at the referee. */
  job: string[]
  /** Whether the job's writes look at the token. */
  guarded: boolean
  /** Works on when told that the lock is lost: what a stopped or careless program does. */
  heedless: boolean
  /** URLs: the lock is a pool of that name at these gateways, by turns, instead of a mutex. */
  gateways?: string[]
  /** `counter`: adds one to a counter of that name instead of holding a mutex. */
  kind: 'mutex' | 'counter'
  /** The clock of the member they read from is this much ahead of the others, ms. */
  clockAheadMs?: number
  /** Looks show renewals as they were when a claim was first seen: the member they look at lags behind. */
  looksLag?: boolean
  /** A safety rule to do without. */
  broken?: BrokenRule
}

export const CLIENT_OPTIONS = 'SERA_FAULT_TEAM'
