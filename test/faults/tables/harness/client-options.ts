/** What the clients of one process do: plain data, handed to it in its environment. */
import type { BrokenRule } from './broken-rules.js'

export interface ClientOptions {
  /** The name of the process, with which the names of its clients begin. */
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
  /** How long a client holds the lock at most, ms; each time a random part of it. */
  holdMs: number
  /** How long a client pauses after its release at most, ms, so that the queue gets empty sometimes. */
  restMs?: number
  /** DSNs where the job is done; empty: only the checker's counter is used. */
  job: string[]
  /** Whether the job's writes check the token. */
  guarded: boolean
  /** Continues to work when the lock is lost, as a stopped or careless program does. */
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
