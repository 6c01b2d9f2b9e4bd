/**
 * What has run: one row for each run of the command line, written when it has ended. It proves nothing and nothing
 * depends on it. All times are the server's; a run knows how long it waited and ran, and the server counts back from
 * now.
 */

import type { ResourceKey } from '../../claims/model.js'
import type { Owner } from '../../claims/owner.js'
import type { Deadline } from '../../deadline.js'
import type { Row } from '../mysql/connection.js'
import { errorCode } from '../mysql/retry.js'
import type { LockTables } from './lock-tables.js'
import { type RetryingClient, SEPARATOR } from './retrying-client.js'

/** How a run ended, as it knows it. */
export interface NewHistoryEntry {
  key: ResourceKey
  token: string | undefined
  outcome: string
  exitCode: number
  waitedMs: number
  /** From the grant until it was given back; undefined where nothing was held. */
  ranMs: number | undefined
  /** Of a break: why, as it was given. */
  reason?: string | undefined
  /** Whose it was, where that is not this process. */
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
  /** Only what ended later: so many ms ago by the server's clock, or at a time, UTC. */
  since?: number | Date | undefined
  /** The newest. */
  limit: number
}

/** One write in so many takes old rows away, and so many of them: more than come, however many hosts there are. */
const PRUNE_EVERY = 20
const PRUNED_AT_ONCE = 200

/**
 * Adds one row, and now and then takes some away that are older than `keepMs`. An answer that gets lost may leave the
 * row twice.
 */
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

/** The oldest, by their index; those who come at the same time wait for each other for as long as that takes. */
const PRUNE = `DELETE FROM sera_history WHERE released_at < UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND
ORDER BY released_at LIMIT ${PRUNED_AT_ONCE}`

/** In the order in which they ended, the newest last. */
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
 * The newest entries. Each outcome that is asked for has a search of its own, because only then does an index have its newest first:
 * a search takes as long as its limit, however many entries there are. `key` has the namespace in its name.
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

/** The index is named because a server may take the one on `released_at` alone, and read every entry of the others. */
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

/** A server can't count back to before its calendar begins. */
const LONGEST_MS = 100 * 365 * 86_400_000

function micros(ms: number): number {
  return Math.round(Math.min(ms, LONGEST_MS) * 1000)
}
