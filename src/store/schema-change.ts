/**
 * The lock tables made, brought up to date and dropped.
 *
 * Whoever comes first makes them, two hundred at once if need be. `sera schema apply` brings older ones up to date, and
 * on one server a lock of that server keeps two who do so apart. On a cluster there is no such lock, and no need: the
 * members do all DDL in one order, and every statement is harmless when it is repeated.
 */
import { SeraError } from '../errors.js'
import type { Calls } from './calls.js'
import type { Connection } from './connection.js'
import { isDenied, makeTables } from './make-tables.js'
import { errorCode } from './retry.js'
import { checkVersion, SCHEMA_VERSION, TABLES } from './schema.js'
import type { TableConnection } from './table-connection.js'

/** For as long as transient failures are retried at all. */
const PATIENT = { until: Number.POSITIVE_INFINITY }

/** Versions; 0: no tables. */
export interface Applied {
  from: number
  to: number
}

/** Claims whose lease is not over. */
export interface Claimed {
  held: number
  waiting: number
}

/** @throws SeraError lock-failed, when the account may not, or the tables are newer than this sera */
export function applySchema(calls: Calls): Promise<Applied> {
  return calls.persist(connection => inTurn(connection, () => bringUpToDate(connection)), PATIENT)
}

async function bringUpToDate({ raw, database, limitMs }: TableConnection): Promise<Applied> {
  const from = await versionAt(raw, limitMs)
  if (from > SCHEMA_VERSION) checkVersion(from)
  if (from < SCHEMA_VERSION) await makeTables(raw, from, database, limitMs)
  return { from, to: SCHEMA_VERSION }
}

async function versionAt(raw: Connection, limitMs: number): Promise<number> {
  const [row] = await unlessMissing(raw.query('SELECT MAX(version) AS version FROM sera_schema', [], limitMs), [])
  return Number(row?.version ?? 0)
}

/** Waits for its turn for half as long as a call may take. */
async function inTurn<T>(connection: TableConnection, work: () => Promise<T>): Promise<T> {
  if (connection.facts.cluster) return await work()
  const name = "LEFT(CONCAT('sera_schema:', SHA2(DATABASE(), 256)), 64)"
  const [row] = await connection.query(`SELECT GET_LOCK(${name}, ?) AS got`, [connection.limitMs / 2000])
  if (Number(row?.got) !== 1) {
    throw new SeraError('lock-failed', 'somebody else is changing the lock tables at this moment; try again')
  }
  try {
    return await work()
  } finally {
    // with the connection the lock goes too
    await connection.query(`SELECT RELEASE_LOCK(${name})`).catch(() => {})
  }
}

/** Undefined: there are no tables. */
export function liveClaims(calls: Calls): Promise<Claimed | undefined> {
  const alive = 'SELECT state FROM sera_claim WHERE expires_at > UTC_TIMESTAMP(6)'
  return calls.persist(async connection => {
    const rows = await unlessMissing(connection.query(alive), undefined)
    const held = rows?.filter(({ state }) => state === 'granted').length ?? 0
    return rows && { held, waiting: rows.length - held }
  }, PATIENT)
}

/**
 * All tables of sera's own, and nothing else in the database. @throws SeraError lock-failed, when the account may not
 */
export async function dropTables(calls: Calls): Promise<void> {
  const sql = `DROP TABLE IF EXISTS ${TABLES.join(', ')}`
  await calls.persist(async connection => {
    await connection.change(sql).catch(cause => {
      if (!isDenied(cause)) throw cause
      const problem = `the account may not drop the lock tables in database ${connection.database}`
      throw new SeraError('lock-failed', `${problem}: have a DBA run \`${sql}\` there`, { cause })
    })
  }, PATIENT)
}

async function unlessMissing<T, U>(answer: Promise<T>, otherwise: U): Promise<T | U> {
  return await answer.catch(error => {
    if (errorCode(error) !== 'ER_NO_SUCH_TABLE') throw error
    return otherwise
  })
}
