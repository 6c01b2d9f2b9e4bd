/** What `connect` can be told: the settings of the config file that concern the lock tables, checked and in one unit. */

import type { SessionOptions } from '../claims/session.js'
import { type Dsn, parseDsn } from '../config/dsn.js'
import { checkLease } from '../config/lease.js'
import { SETTINGS } from '../config/settings.js'
import { SeraError } from '../errors.js'
import { parseDurationOption } from '../primitives/primitive.js'

/** Durations are milliseconds, or text like `'90s'`. */
export interface TimingOptions {
  /** How long claims outlive a process that vanishes. Default: 60 s. */
  lease?: number | string | undefined
  /** How long before a claim can be somebody else's its holder is told. Default: 10 s. */
  grace?: number | string | undefined
  /** What the clocks of a cluster's members can't differ by. Default: 30 s. */
  maxClockSkew?: number | string | undefined
}

export interface ConnectOptions extends TimingOptions {
  /** A DSN (`user:password@tcp(host:3306)/database`, `mysql://…`), or those of the members of one cluster. */
  server: string | readonly string[]
  /** Keeps clusters apart that share a server. Default: none. */
  namespace?: string | undefined
  /** How long failures that may pass are retried. Default: 30 s. */
  connectWait?: number | string | undefined
  /** What others see this process as. Default: what it was started as. */
  label?: string | undefined
  /** Breaks the connecting off: it rejects with the signal's reason. */
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
