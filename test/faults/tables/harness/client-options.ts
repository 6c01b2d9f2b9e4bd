/** Options of the clients of one process: plain data, passed in its environment. */
import type { BrokenRule } from './broken-rules.js'

export interface ClientOptions {
  /** The name of the process; the names of its clients begin with it. */
  process: string
  clients: number
  /** Unix socket of the checker. */
  checker: string
  /** The resource. */
  name: string
  /** DSNs of the members; client i begins with the i-th. */
  servers: string[]
  /** Whether a client uses its first member only. */
  pinned: boolean
  leaseMs: number
  graceMs: number
  /** Maximum hold, ms; each hold is a random part of it. */
  holdMs: number
  /** Maximum pause after a release, ms, so that the queue is empty at times. */
  restMs?: number
  /** DSNs of the databases for the job; empty: only the checker's counter is used. */
  job: string[]
  /** Whether the job's writes check the token. */
  guarded: boolean
  /** Continues to work after the lock is lost, like a stopped or careless program. */
  heedless: boolean
  /** URLs: the lock is a pool of that name at these gateways, one after the other, instead of a mutex. */
  gateways?: string[]
  /** `counter`: adds one to a counter of that name instead of holding a mutex. */
  kind: 'mutex' | 'counter'
  /** How far the clock of the member that they read from is ahead of the others, ms. */
  clockAheadMs?: number
  /** Whether reads show the renewals of a claim as they were when it was first seen: the member lags behind. */
  readsLag?: boolean
  /** The safety rule that these clients break. */
  broken?: BrokenRule
}

export const CLIENT_OPTIONS = 'SERA_FAULT_CLIENTS'
