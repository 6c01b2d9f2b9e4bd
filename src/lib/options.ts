/** Options of `connect` and `memory`: the settings that concern the lock tables, checked, in milliseconds. */

import type { SessionOptions } from '../claims/session.js'
import { type Dsn, parseDsn } from '../config/dsn.js'
import { checkLease } from '../config/lease.js'
import { SETTINGS } from '../config/settings.js'
import { SeraError } from '../errors.js'
import { parseDurationOption } from '../primitives/primitive.js'

/** Timing of a session. Durations are milliseconds, or text like `'500ms'`, `'90s'`, `'1h30m'`. */
export interface TimingOptions {
  /**
   * How long a claim outlives its last renewal: other participants wait that long for a process that has died. More than twice
   * `grace` + 1 s, at most 24 h. Default: 60 s.
   */
  lease?: number | string | undefined
  /** How long before another participant can get the lock the lock's `signal` aborts, less a margin of 1 s. Default: 10 s. */
  grace?: number | string | undefined
  /** The most by which the clocks of a cluster's members differ. Default: 30 s. */
  maxClockSkew?: number | string | undefined
}

/** Options of `connect`. */
export interface ConnectOptions extends TimingOptions {
  /** A DSN (`user:password@tcp(host:3306)/database` or `mysql://…`), or a list of the DSNs of one cluster's members. */
  server: string | readonly string[]
  /** Keeps apart clusters of yours that share a server: 1 to 64 characters. Default: `''`, none. */
  namespace?: string | undefined
  /** How long a failure that may pass, such as a refused connection, is retried: milliseconds or text. Default: 30 s. */
  connectWait?: number | string | undefined
  /** What `sera status` and `contenders()` show as this process's command. Default: its command line, passwords hidden. */
  label?: string | undefined
  /** Cancels `connect`: it rejects with the signal's reason. Has no effect later. */
  signal?: AbortSignal | undefined
}

/** @throws SeraError usage */
export function timingOf(options: TimingOptions): Omit<SessionOptions, 'clock' | 'random'> {
  const leaseMs = parseDurationOption('lease', options.lease ?? SETTINGS.lease.otherwise)
  const graceMs = parseDurationOption('grace', options.grace ?? SETTINGS.grace.otherwise)
  checkLease({ leaseMs, graceMs }, 'usage', name => name)
  return {
    leaseMs,
    graceMs,
    maxClockSkewMs: parseDurationOption('maxClockSkew', options.maxClockSkew ?? SETTINGS.maxClockSkew.otherwise),
  }
}

/** @throws SeraError usage; config, when a DSN is not valid */
export function serversOf({ server }: ConnectOptions): Dsn[] {
  const texts: unknown[] = [server].flat()
  if (texts.length === 0 || !texts.every(text => typeof text === 'string')) {
    throw new SeraError('usage', 'server: expected a DSN, or a list of the DSNs of one cluster')
  }
  const servers = texts.map(parseDsn)
  if (servers.some(({ address }) => address.net === 'embedded')) {
    throw new SeraError(
      'usage',
      'server: the embedded server is for the command line; tests have `memory` of sera/testing',
    )
  }
  return servers
}
