/**
 * What sera can be told by its config file, the environment and flags, after resolution: every value is there, checked
 * and in one unit (milliseconds).
 */
import type { Dsn } from './dsn.js'

export const ENGINES = ['auto', 'get_lock', 'lease'] as const
export type EngineChoice = (typeof ENGINES)[number]

export const ON_LOST = ['reclaim', 'terminate', 'ignore'] as const
export type OnLost = (typeof ON_LOST)[number]

/** Between the moment the child must be gone and the moment another host may have the lock: clocks, scheduling. */
export const SAFETY_MARGIN_MS = 1000

export interface SyslogSettings {
  /** Always in one of these forms: `unix:/dev/log`, `udp://host:514`, `tcp://[::1]:514`. */
  address: string
  /** A name of syslog.conf(5). */
  facility: string
  tag: string
}

export interface History {
  keepMs: number
  /** Also what runs under GET_LOCK, which else needs neither tables nor a second connection. */
  always: boolean
}

export interface Settings {
  /** Where the locks live. */
  server: Dsn
  /** The members of one cluster, of which `server` is the first; engine `lease` goes from one to the next. */
  servers: readonly Dsn[]
  engine: EngineChoice
  /** How long the lock outlives a host that vanishes. */
  leaseMs: number
  /** Between TERM and KILL when the command is ended by force. */
  graceMs: number
  /** Put before the lock's name before it is hashed; keeps clusters apart that share a server. */
  namespace: string
  onLost: OnLost
  syslog: SyslogSettings | undefined
  /** Where sera's own messages go, besides errors (always stderr). */
  verbose: false | 'stdout' | 'stderr'
  /** Every outcome goes to syslog, not only failures. */
  audit: boolean
  /** What has run is remembered for `keepMs`; undefined: not at all. */
  history: History | undefined
  /** The first to lock runs the command, the others wait and skip it. */
  waitAndSkip: boolean
  /** A skip is 205 instead of 0. */
  detailedExitCodes: boolean
  /** Locks on a server that several members write to are void; this says that all hosts use one member. */
  allowMultiPrimary: boolean
  /** How long transient connection failures are retried. */
  connectWaitMs: number
  /** By how much the clocks of a cluster's members may differ. */
  maxClockSkewMs: number
  /** What to hide in a command line from others, besides what looks like a password. */
  mask: readonly RegExp[]
}
