/**
 * Holders and waiters of GET_LOCK, as far as the server shows them (measured on MariaDB 10.11 and MySQL 9.7):
 *
 * 1. The process list has every waiter of the same account, or with the privilege PROCESS of all accounts. The
 *    statement's text has the lock's name, and the comment that sera adds.
 * 2. Sessions of sera name their lock in their connection attributes. MySQL shows them for the same account, or for all
 *    with SELECT on performance_schema. MariaDB shows them only where its performance_schema is on.
 * 3. metadata_locks (SELECT on performance_schema), or on MariaDB the plugin metadata_lock_info, lists every held lock
 *    of every program.
 * 4. IS_USED_LOCK shows every account which connection holds a name that is known from the above.
 */

import type { Row } from '../mysql/connection.js'
import { errorCode } from '../mysql/retry.js'
import { readStatementComment } from '../mysql/statement-comment.js'
import type { TableConnection } from '../tables/table-connection.js'
import { lockIn } from './holder.js'

/** A holder or waiter, as far as it is known. */
export interface LockSession {
  /** The server's number for the connection. */
  connection: number
  host: string | undefined
  pid: number | undefined
  command: string | undefined
  /** How long it has waited, ms; undefined for a holder. */
  waitedMs: number | undefined
}

export interface GetLock {
  name: string
  holder: LockSession | undefined
  waiting: readonly LockSession[]
}

export interface GetLockSnapshot {
  locks: readonly GetLock[]
  /** What the account could not see, and how to change that. */
  unseen: string | undefined
}

/** Reads all locks, or those with these names. */
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

/** Locks that sera takes for itself: to break a lock, to change the tables, to prove which session is which. */
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

/** The rows of the first statement that the account may run. */
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

/** All held locks with their connections; undefined where the server does not show them. */
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
    const shown = own.program_name === 'sera' ? own : readStatementComment(statement)
    return {
      connection: Number(id),
      host: shown.host ?? withoutPort(String(host)),
      pid: shown.pid === undefined ? undefined : Number(shown.pid),
      command: shown.command,
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

/** A server rejects a longer name with an error. */
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
  const what = raw.isMariaDb ? 'without a waiter' : 'of other accounts'
  const remedy = raw.isMariaDb
    ? "run INSTALL SONAME 'metadata_lock_info' on the server"
    : `grant SELECT on performance_schema.* to ${dsn.user}`
  return `Plain locks (GET_LOCK) ${what} are not listed: ${remedy} to list all; sera status mutex <name> shows one.`
}
