/**
 * What sera can be told by its config file, the environment and flags, after resolution: every value is there, checked
 * and in one unit (milliseconds).
 */
import type { Dsn } from './dsn.js'

export type EngineChoice = 'auto' | 'get_lock' | 'lease'
export type OnLost = 'reclaim' | 'terminate' | 'ignore'

export interface SyslogSettings {
  /** `unix:/dev/log`, `udp://host:514` or `tcp://host:514`. */
  address: string
  facility: string
  tag: string
}

export interface Settings {
  /** Where the locks live; undefined only for subcommands that need no server. */
  server: Dsn
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
  /** Locks on a server that several members write to are void; this says that all hosts use one member. */
  allowMultiPrimary: boolean
  /** How long transient connection failures are retried. */
  connectWaitMs: number
}
