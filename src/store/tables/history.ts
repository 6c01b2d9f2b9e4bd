/**
 * History: one row for each run of the command line, written after the run. It proves nothing, and nothing depends on
 * it. All times are the server's: the run reports how long it waited and ran, and the server counts back from now.
 */

import type { ResourceKey } from '../../claims/model.js'
import type { Owner } from '../../claims/owner.js'
import type { Deadline } from '../../deadline.js'
import type { Row } from '../mysql/connection.js'
import { errorCode } from '../mysql/retry.js'
import type { LockTables } from './lock-tables.js'
import { type RetryingClient, SEPARATOR } from './retrying-client.js'

/** How a run ended, as the run reports it. */
export interface NewHistoryEntry {
  key: ResourceKey
  token: string | undefined
  outcome: string
  exitCode: number
  waitedMs: number
  /** From the grant until the release; undefined where nothing was held. */
  ranMs: number | undefined
  /** The reason given to `sera break`. */
  reason?: string | undefined
  /** The owner, if it is not this process. */
  owner?: Owner
}

export interface HistoryEntry extends Omit<NewHistoryEntry, 'key' | 'owner'>, Owner {
  kind: string
  name: string
  /** UTC, to the millisecond: `2026-11-21T16:40:12.345Z`. */
  requestedAt: string
  grantedAt: string | undefined
  releasedAt: string
}

export interface HistoryQuery {
  name?: string | undefined
  outcomes?: readonly string[] | undefined
  /** Only runs that ended later: so many ms ago by the server's clock, or a time, UTC. */
  since?: number | Date | undefined
  /** How many, newest first. */
  limit: number
}

/** One write in 20 deletes 200 old rows: more than are added, on any number of hosts. */
const PRUNE_EVERY = 20
const PRUNED_AT_ONCE = 200

/** Adds one row, and at times deletes some older than `keepMs`. A lost answer may leave the row twice. */
export async function writeHistory(
  { client, owner: own }: Pick<LockTables, 'client' | 'owner'>,
  ending: NewHistoryEntry,
  keepMs: number,
  deadline: Deadline,
): Promise<void> {
  const { key, token, outcome, exitCode, waitedMs, ranMs, reason, owner = own } = ending
  const { kind, name } = client.key(key)
  await client.persist(
    connection =>
      connection.change(INSERT, [
        ...[kind, name, token, owner.host, owner.pid, owner.user, owner.command],
        ...[micros(waitedMs + (ranMs ?? 0)), ranMs === undefined ? null : micros(ranMs), outcome, exitCode, reason],
      ]),
    deadline,
  )
  if (client.options.random.number() * PRUNE_EVERY >= 1) return
  await client.persist(connection => connection.change(PRUNE, [micros(keepMs)]), deadline)
}

const INSERT = `INSERT INTO sera_history (kind, name, token, host, pid, user, command,
  requested_at, granted_at, released_at, outcome, exit_code, reason)
VALUES (?, ?, ?, ?, ?, ?, ?,
  UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND, UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND, UTC_TIMESTAMP(6), ?, ?, ?)`

/** The oldest, by their index; writers that prune at the same time wait for each other meanwhile. */
const PRUNE = `DELETE FROM sera_history WHERE released_at < UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND
ORDER BY released_at LIMIT ${PRUNED_AT_ONCE}`

/** In order of their end, newest last. */
export async function readHistory(
  client: RetryingClient,
  query: HistoryQuery,
  deadline: Deadline,
): Promise<HistoryEntry[]> {
  const key = client.key({ kind: '', name: query.name ?? '' })
  const { sql, values } = selection(client.options.namespace, key, query)
  const rows = await client.persist(connection => connection.query(sql, [...values]).catch(noneYet), deadline)
  return rows.map(entryOf).reverse()
}

function noneYet(error: unknown): Row[] {
  if (errorCode(error) === 'ER_NO_SUCH_TABLE') return []
  throw error
}

interface Sql {
  sql: string
  values: readonly unknown[]
}

/**
 * The newest entries. Each wanted outcome has its own search, because an index lists the newest first only within one
 * outcome: a search takes as long as its limit, for any number of entries. `key` has the namespace in its name.
 */
function selection(namespace: string, key: ResourceKey, { name, outcomes, since, limit }: HistoryQuery): Sql {
  const at = name === undefined ? { column: 'namespace', value: namespace } : { column: 'name', value: key.name }
  const searches = (outcomes ? [...new Set(outcomes)] : [undefined]).map((outcome, n) =>
    search(at, outcome, since, limit, `found${n}`),
  )
  return {
    sql: `SELECT ${COLUMNS} FROM (${searches.map(({ sql }) => sql).join(' UNION ALL ')}) AS newest
JOIN sera_history h ON h.id = newest.id ORDER BY newest.released_at DESC, newest.id DESC LIMIT ?`,
    values: [SEPARATOR, ...searches.flatMap(({ values }) => values), limit],
  }
}

/** The index is forced because a server may choose the one on `released_at` alone and read all entries of other names. */
function search(
  { column, value }: { column: string; value: string },
  outcome: string | undefined,
  since: HistoryQuery['since'],
  limit: number,
  alias: string,
): Sql {
  const index = outcome === undefined ? column : `${column}_outcome`
  const conditions: Sql[] = [
    { sql: `${column} = ?`, values: [value] },
    ...(outcome === undefined ? [] : [{ sql: 'outcome = ?', values: [outcome] }]),
    ...(since === undefined ? [] : [sinceThen(since)]),
  ]
  return {
    sql: `SELECT id, released_at FROM (SELECT id, released_at FROM sera_history FORCE INDEX (${index})
WHERE ${conditions.map(({ sql }) => sql).join(' AND ')} ORDER BY released_at DESC, id DESC LIMIT ?) AS ${alias}`,
    values: [...conditions.flatMap(({ values }) => values), limit],
  }
}

function sinceThen(since: number | Date): Sql {
  if (typeof since !== 'number') return { sql: 'released_at >= ?', values: [since.toISOString().slice(0, -1)] }
  return { sql: 'released_at >= UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND', values: [micros(since)] }
}

const iso = (column: string) => `DATE_FORMAT(h.${column}, '%Y-%m-%dT%H:%i:%s.%f') AS ${column}`
const between = (from: string, to: string) => `TIMESTAMPDIFF(MICROSECOND, ${from}, ${to})`

/** For the separator. */
const COLUMNS = `SUBSTRING_INDEX(h.name, ?, -1) AS own_name, h.kind, h.token, h.host, h.pid, h.user, h.command, h.outcome, h.exit_code, h.reason,
  ${['requested_at', 'granted_at', 'released_at'].map(iso).join(', ')},
  ${between('h.requested_at', 'COALESCE(h.granted_at, h.released_at)')} AS waited,
  ${between('h.granted_at', 'h.released_at')} AS ran`

function entryOf(row: Row): HistoryEntry {
  return {
    kind: String(row.kind),
    name: String(row.own_name),
    outcome: String(row.outcome),
    exitCode: Number(row.exit_code),
    waitedMs: millis(row.waited),
    ranMs: row.ran === null ? undefined : millis(row.ran),
    token: row.token === null ? undefined : String(row.token),
    host: String(row.host),
    pid: Number(row.pid),
    user: String(row.user),
    command: String(row.command),
    reason: row.reason === null ? undefined : String(row.reason),
    requestedAt: timeOf(row.requested_at),
    grantedAt: row.granted_at === null ? undefined : timeOf(row.granted_at),
    releasedAt: timeOf(row.released_at),
  }
}

/** To the millisecond. */
function timeOf(iso: unknown): string {
  return `${String(iso).slice(0, 23)}Z`
}

function millis(micros: unknown): number {
  return Math.round(Number(micros) / 1000)
}

/** A server cannot subtract beyond the beginning of its calendar. */
const LONGEST_MS = 100 * 365 * 86_400_000

function micros(ms: number): number {
  return Math.round(Math.min(ms, LONGEST_MS) * 1000)
}
