/**
 * What every part of the gateway receives.
 *
 * The gateway has no state of its own: all state is in the lock tables. So several gateways serve one cluster, and one may die.
 * All clients share one session: one poll and one renewal serve them all, and no client costs a database connection.
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
  /** Owns the claims of all clients that are connected. */
  session: Session
  /** The same lock tables, for status and history. */
  tables: LockTables
  clock: Clock
  random: Random
  /** The pools by name. SIGHUP reloads the file. */
  pools(): ReadonlyMap<string, PoolEntry>
  log: GatewayLog
  /** Writes a release to the history, in the background. */
  remember(ending: NewHistoryEntry): void
  metrics: GatewayMetrics
  /** Aborts when the gateway shuts down: waiting clients get 503. */
  closing: AbortSignal
}
