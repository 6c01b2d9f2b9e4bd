/**
 * What every part of the gateway is given.
 *
 * The gateway keeps nothing: all state is in the lock tables, so that several serve one cluster and one may die. All who wait here
 * wait as one participant: one look and one renewal serve them all, and none of them costs a connection to the database.
 */
import type { Clock } from '../clock.js'
import type { Participant } from '../primitives/participant.js'
import type { Ending } from '../store/history.js'
import type { LockTables } from '../store/lock-tables.js'
import type { Access } from './access.js'
import type { GatewayLog } from './log.js'
import type { Meter } from './meter.js'
import type { Pool } from './pools-file.js'

export interface Gateway extends Access {
  /** Everybody who waits here. */
  participant: Participant
  /** The same tables, for looks and history. */
  tables: LockTables
  clock: Clock
  /** As the pools file says now; it is read again on HUP. */
  pools(): ReadonlyMap<string, Pool>
  log: GatewayLog
  /** Writes into the history what somebody has given back, in passing. */
  remember(ending: Ending): void
  meter: Meter
  /** Aborts when the gateway ends: who waits is answered 503. */
  closing: AbortSignal
}
