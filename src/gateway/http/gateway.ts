/**
 * What every part of the gateway is given.
 *
 * The gateway keeps nothing: all state is in the lock tables, so that several serve one cluster and one may die. All who wait here
 * wait as one participant: one look and one renewal serve them all, and none of them costs a connection to the database.
 */

import type { Session } from '../../claims/session.js'
import type { Clock, Random } from '../../clock.js'
import type { NewHistoryEntry } from '../../store/tables/history.js'
import type { LockTables } from '../../store/tables/lock-tables.js'
import type { GatewayLog } from '../log/entry.js'
import type { GatewayMetrics } from '../metrics/metrics.js'
import type { PoolEntry } from '../pools/pools-file.js'
import type { AccessRules } from './authorization.js'

export interface Gateway extends AccessRules {
  /** Everybody who waits here. */
  session: Session
  /** The same tables, for looks and history. */
  tables: LockTables
  clock: Clock
  random: Random
  /** As the pools file says now; it is read again on HUP. */
  pools(): ReadonlyMap<string, PoolEntry>
  log: GatewayLog
  /** Writes into the history what somebody has given back, in passing. */
  remember(ending: NewHistoryEntry): void
  metrics: GatewayMetrics
  /** Aborts when the gateway ends: who waits is answered 503. */
  closing: AbortSignal
}
