/**
 * Who has which GET_LOCK, as far as the server tells the account (measured on MariaDB 10.11 and MySQL 9.7):
 *
 * 1. Whoever waits shows in the process list, of one's own account or with PROCESS of all, with the name in the text of the
 *    statement, and what sera has written behind it.
 * 2. Sessions of sera name their lock among their connection attributes: on MySQL for one's own account, or with SELECT on
 *    performance_schema for all; on MariaDB only where its performance_schema is on.
 * 3. metadata_locks (SELECT on performance_schema), or on MariaDB the plugin metadata_lock_info, lists all that are held,
 *    by whatever program.
 * 4. IS_USED_LOCK tells anybody which connection holds a name that is known from the above.
 */

import type { Row } from '../mysql/connection.js'
import { errorCode } from '../mysql/retry.js'
import { readStatementComment } from '../mysql/statement-comment.js'
import type { TableConnection } from '../tables/table-connection.js'
import { lockIn } from './holder.js'

/** One who holds or waits, as far as it is known. */
export interface LockSession {
  /** The server's number for the connection. */
  connection: number
  host: string | undefined
  pid: number | undefined
  command: string | undefined
  /** For how long it has waited, ms; of who holds it is not known. */
  waitedMs: number | undefined
}

export interface GetLock {
  name: string
  holder: LockSession | undefined
  waiting: readonly LockSession[]
}

export interface GetLockSnapshot {
  locks: readonly GetLock[]
  /** What could not be seen, and what would help. */
  unseen: string | undefined
}

/** Of all locks, or of those of these names. */
export async function readGetLocks(
  connection: TableConnection,
  wanted: readonly string[] | 'all',
): Promise<GetLockSnapshot> {
  const sessions = sessionsOf(
    await connection.query(SESSIONS),
    await first(connection, [ATTRIBUTES_OF_ALL, ATTRIBUTES_OF_MINE]),
  )
  const held = await heldLocks(connection)
  const holders = new Map(held?.map(({ name, id }) => [String(name), Number(id)]))
  const known = new Set([
    ...(wanted === 'all' ? [] : wanted.filter(canBeLock)),
    ...[...sessions.values()].flatMap(({ lock }) => lock ?? []),
  ])
  const toAsk = [...known].filter(name => !holders.has(name))
  for (const [name, id] of await usersOf(connection, toAsk)) holders.set(name, id)
  const isAsked = (name: string) => (wanted === 'all' ? !OWN.test(name) : wanted.includes(name))
  const locks = [...new Set([...holders.keys(), ...known])]
    .filter(isAsked)
    .map(name => lockOf(name, holders.get(name), sessions))
    .filter(({ holder, waiting }) => holder !== undefined || waiting.length > 0)
  return { locks, unseen: held || wanted !== 'all' ? undefined : unseen(connection) }
}

/** What sera locks for itself: to break a lock, to change the tables, to prove which session is which. */
const OWN = /^sera_(break|schema|session):/

/** One session of the process list, and the lock that it holds or waits for. */
interface ProcessRow extends LockSession {
  lock: string | undefined
  waits: boolean
}

const SESSIONS = `SELECT ID AS id, HOST AS host, STATE = 'User lock' AS waits, TIME AS time,
  IF(STATE = 'User lock', INFO, NULL) AS info FROM information_schema.PROCESSLIST`

const attributes = (table: string) => `SELECT PROCESSLIST_ID AS id, ATTR_NAME AS name, ATTR_VALUE AS value
  FROM performance_schema.${table} WHERE ATTR_NAME IN ('program_name', 'host', 'pid', 'command', 'lock')`
const ATTRIBUTES_OF_ALL = attributes('session_connect_attrs')
const ATTRIBUTES_OF_MINE = attributes('session_account_connect_attrs')

const METADATA_LOCKS = `SELECT OBJECT_NAME AS name, PROCESSLIST_ID AS id FROM performance_schema.metadata_locks
  JOIN performance_schema.threads ON THREAD_ID = OWNER_THREAD_ID
  WHERE OBJECT_TYPE = 'USER LEVEL LOCK' AND LOCK_STATUS = 'GRANTED'`

const METADATA_LOCK_INFO = `SELECT TABLE_SCHEMA AS name, THREAD_ID AS id FROM information_schema.METADATA_LOCK_INFO
  WHERE LOCK_TYPE = 'User lock'`

/** The rows of the first of these that the account may ask. */
async function first(connection: TableConnection, statements: readonly string[]): Promise<Row[] | undefined> {
  for (const sql of statements) {
    const rows = await connection.query(sql).catch(refused)
    if (rows) return rows
  }
  return undefined
}

const REFUSALS = ['ER_TABLEACCESS_DENIED_ERROR', 'ER_NO_SUCH_TABLE', 'ER_UNKNOWN_TABLE', 'ER_DBACCESS_DENIED_ERROR']

function refused(error: unknown): undefined {
  if (!REFUSALS.includes(errorCode(error) ?? '')) throw error
}

/** All locks that are held, and by which connection; undefined where the server does not tell. */
async function heldLocks(connection: TableConnection): Promise<Row[] | undefined> {
  if (connection.raw.isMariaDb) return await first(connection, [METADATA_LOCK_INFO])
  const [{ on } = {}] = await connection.query('SELECT @@performance_schema AS `on`')
  return Number(on) === 1 ? await first(connection, [METADATA_LOCKS]) : undefined
}

function sessionsOf(processes: readonly Row[], attributes: readonly Row[] = []): Map<number, ProcessRow> {
  const publicPart = new Map<number, Record<string, string>>()
  for (const { id, name, value } of attributes) {
    publicPart.set(Number(id), { ...publicPart.get(Number(id)), [String(name)]: String(value) })
  }
  const seen = processes.map(({ id, host, waits, time, info }): ProcessRow => {
    const statement = String(info ?? '')
    const own = publicPart.get(Number(id)) ?? {}
    const tells = own.program_name === 'sera' ? own : readStatementComment(statement)
    return {
      connection: Number(id),
      host: tells.host ?? withoutPort(String(host)),
      pid: tells.pid === undefined ? undefined : Number(tells.pid),
      command: tells.command,
      waitedMs: Number(waits) === 1 ? Number(time) * 1000 : undefined,
      lock: lockIn(statement) ?? (own.program_name === 'sera' ? own.lock : undefined),
      waits: Number(waits) === 1,
    }
  })
  return new Map(seen.map(session => [session.connection, session]))
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, '')
}

/** The servers allow no longer ones, and fail. */
function canBeLock(name: string): boolean {
  return [...name].length <= 64
}

async function usersOf(connection: TableConnection, names: readonly string[]): Promise<[string, number][]> {
  if (names.length === 0) return []
  const sql = names.map(() => 'SELECT ? AS name, IS_USED_LOCK(?) AS id').join(' UNION ALL ')
  const rows = await connection.query(
    sql,
    names.flatMap(name => [name, name]),
  )
  return rows.filter(({ id }) => id !== null).map(({ name, id }) => [String(name), Number(id)])
}

function lockOf(name: string, holder: number | undefined, sessions: ReadonlyMap<number, ProcessRow>): GetLock {
  const waiting = [...sessions.values()].filter(({ lock, waits }) => waits && lock === name)
  waiting.sort((a, b) => (b.waitedMs ?? 0) - (a.waitedMs ?? 0) || a.connection - b.connection)
  return {
    name,
    holder: holder === undefined ? undefined : sessionOf(holder, sessions),
    waiting: waiting.map(publicPart),
  }
}

function sessionOf(connection: number, sessions: ReadonlyMap<number, ProcessRow>): LockSession {
  const seen = sessions.get(connection)
  if (seen) return publicPart(seen)
  return { connection, host: undefined, pid: undefined, command: undefined, waitedMs: undefined }
}

function publicPart({ connection, host, pid, command, waitedMs }: ProcessRow): LockSession {
  return { connection, host, pid, command, waitedMs }
}

function unseen({ dsn, raw }: TableConnection): string {
  const what = raw.isMariaDb ? 'that nobody waits for' : 'of other accounts'
  const remedy = raw.isMariaDb
    ? "INSTALL SONAME 'metadata_lock_info' on the server"
    : `SELECT on performance_schema.* for ${dsn.user}`
  return `Plain locks (GET_LOCK) ${what} are not seen here: ${remedy} shows all, sera status mutex <name> one.`
}
