/**
 * Creates, updates and drops the lock tables.
 *
 * The first client creates them, even if two hundred clients start at once. `sera schema apply` updates older tables.
 * On one server a `GET_LOCK` keeps two such clients apart. A cluster has no such lock and needs none: its members run
 * all DDL in one order, and every statement is harmless when it is repeated.
 */
import { SeraError } from '../../errors.js'
import type { Connection } from '../mysql/connection.js'
import { errorCode } from '../mysql/retry.js'
import { createTables, isDenied } from '../schema/create-tables.js'
import { checkVersion, SCHEMA_VERSION, TABLES } from '../schema/schema.js'
import { checkEngines, FOREIGN_TABLES } from '../schema/table-engines.js'
import type { RetryingClient } from './retrying-client.js'
import type { TableConnection } from './table-connection.js'

/** No deadline: retries end with `connectWait`. */
const PATIENT = { until: Number.POSITIVE_INFINITY }

/** Limit for changing full tables: an index over millions of rows takes minutes. */
const CHANGE_LIMIT_MS = 3_600_000

/**
 * How long a change waits for transactions that use a table. All later statements on that table queue behind the
 * change, so it gives up soon. It is then repeated like any statement that met a lock.
 */
const TABLE_LOCK_WAIT_S = 2

/** Versions; 0: no tables. */
export interface Applied {
  from: number
  to: number
}

/** Claims whose lease has not ended. */
export interface Claimed {
  held: number
  waiting: number
}

/** @throws SeraError lock-failed, when the account may not, or when the tables are newer than this sera or not InnoDB */
export function applySchema(client: RetryingClient): Promise<Applied> {
  return client.persist(connection => inTurn(connection, () => bringUpToDate(connection)), PATIENT)
}

async function bringUpToDate({ raw, database, limitMs }: TableConnection): Promise<Applied> {
  const from = await versionAt(raw, limitMs)
  if (from > SCHEMA_VERSION) checkVersion(from)
  if (from < SCHEMA_VERSION) {
    await raw.change(`SET SESSION lock_wait_timeout = ${TABLE_LOCK_WAIT_S}`, [], limitMs)
    await createTables(raw, from, database, CHANGE_LIMIT_MS)
  }
  const [row] = await raw.query(`SELECT (${FOREIGN_TABLES}) AS foreign_tables`, [], limitMs)
  checkEngines(row?.foreign_tables, database)
  return { from, to: SCHEMA_VERSION }
}

async function versionAt(raw: Connection, limitMs: number): Promise<number> {
  const [row] = await unlessMissing(raw.query('SELECT MAX(version) AS version FROM sera_schema', [], limitMs), [])
  return Number(row?.version ?? 0)
}

/** Waits until no other client changes the tables. */
async function inTurn<T>(connection: TableConnection, work: () => Promise<T>): Promise<T> {
  if (connection.facts.cluster) return await work()
  const name = "LEFT(CONCAT('sera_schema:', SHA2(DATABASE(), 256)), 64)"
  const waitS = CHANGE_LIMIT_MS / 1000
  const [row] = await connection.raw.query(
    `SELECT GET_LOCK(${name}, ?) AS got`,
    [waitS],
    CHANGE_LIMIT_MS + connection.limitMs,
  )
  if (Number(row?.got) !== 1) {
    throw new SeraError('lock-failed', 'another client is changing the lock tables; try again when it is done')
  }
  try {
    return await work()
  } finally {
    // a broken connection has lost the lock already
    await connection.query(`SELECT RELEASE_LOCK(${name})`).catch(() => {})
  }
}

/** Undefined: there are no tables. */
export function liveClaims(client: RetryingClient): Promise<Claimed | undefined> {
  const alive = 'SELECT state FROM sera_claim WHERE expires_at > UTC_TIMESTAMP(6)'
  return client.persist(async connection => {
    const rows = await unlessMissing(connection.query(alive), undefined)
    const held = rows?.filter(({ state }) => state === 'granted').length ?? 0
    return rows && { held, waiting: rows.length - held }
  }, PATIENT)
}

/** Drops the tables of sera, and nothing else in the database. @throws SeraError lock-failed, when the account may not */
export async function dropTables(client: RetryingClient): Promise<void> {
  const sql = `DROP TABLE IF EXISTS ${TABLES.join(', ')}`
  await client.persist(async connection => {
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
