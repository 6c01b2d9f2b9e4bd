/** What is to be said of the lock tables on one server, without making, changing or locking any of them. */
import type { Dsn } from '../config/dsn.js'
import type { Row } from './mysql/connection.js'
import { errorCode, explain } from './mysql/retry.js'
import { DENIED } from './schema/create-tables.js'
import { statementsSince } from './schema/schema.js'
import { databaseOf, NO_DATABASE } from './tables/table-connection.js'

export type RunQuery = (sql: string, values?: unknown[]) => Promise<Row[]>

export interface TableFacts {
  database: string
  /** Why it can't be used. */
  noDatabase?: string
  /** All that sera has, by name. */
  tables: readonly TableFact[]
  /** As `sera_schema` says; undefined when it doesn't. */
  version: number | undefined
  /** Whether the account may make tables there; undefined when it can't be told, as with a role. */
  mayCreate: boolean | undefined
}

export interface TableFact {
  name: string
  /** InnoDB; undefined where there is no such table, or none that the account may see. */
  engine: string | undefined
  /** What the account may not do; a read-only server does not tell. */
  denied: readonly string[] | Undisclosed
}

export async function diagnoseTables(ask: RunQuery, dsn: Dsn): Promise<TableFacts> {
  const database = databaseOf(dsn)
  const none = { database, tables: [], version: undefined, mayCreate: undefined }
  try {
    await ask(`USE \`${database.replaceAll('`', '``')}\``)
  } catch (error) {
    if (NO_DATABASE.includes(errorCode(error) ?? '')) return { ...none, noDatabase: explain(error) }
    throw error
  }
  const engines = await enginesOf(ask, database)
  const found: TableFact[] = []
  for (const name of TABLES) {
    const denied = await deniedAt(ask, name).catch(error => new Undisclosed(explain(error)))
    found.push({ name, engine: engines.get(name), denied })
  }
  const version = await versionOf(ask)
  const isComplete = found.every(({ engine }) => engine !== undefined)
  const mayCreate = isComplete ? undefined : await mayCreateIn(ask, database)
  return { database, tables: found, version, mayCreate }
}

/** With the column that comes first, which an UPDATE needs. */
const COLUMNS = new Map(
  statementsSince(0, true).flatMap(sql => {
    const [, name, column] = /^CREATE TABLE IF NOT EXISTS (\w+) \(\s*(\w+)/.exec(sql) ?? []
    return name && column ? [[name, column] as const] : []
  }),
)

const TABLES = [...COLUMNS.keys()]

const VERSIONS = 'sera_schema'

async function enginesOf(ask: RunQuery, database: string): Promise<Map<string, string>> {
  const rows = await ask(
    'SELECT TABLE_NAME AS name, ENGINE AS engine FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME IN (?)',
    [database, TABLES],
  )
  return new Map(rows.map(({ name, engine }) => [String(name), String(engine)]))
}

/**
 * A statement that is only explained needs the same rights as one that is done, whether they come from the account, a role
 * or a pattern; and does nothing. Only where something is denied is it asked what.
 */
async function deniedAt(ask: RunQuery, name: string): Promise<string[]> {
  if (name === VERSIONS) return [] // read only, which shows when it is
  const column = COLUMNS.get(name)
  const remove = `DELETE FROM ${name} WHERE FALSE`
  const rest = `INSERT INTO ${name} (${column}) SELECT ${column} FROM ${name} AS other WHERE FALSE
    ON DUPLICATE KEY UPDATE ${column} = 0`
  if (!(await isDenied(ask, rest)) && !(await isDenied(ask, remove))) return []
  const each = {
    SELECT: `SELECT ${column} FROM ${name} WHERE FALSE`,
    INSERT: `INSERT INTO ${name} (${column}) VALUES (0)`,
    UPDATE: `UPDATE ${name} SET ${column} = 0 WHERE FALSE`,
    DELETE: remove,
  }
  const denied: string[] = []
  for (const [verb, sql] of Object.entries(each)) if (await isDenied(ask, sql)) denied.push(verb)
  return denied
}

async function isDenied(ask: RunQuery, sql: string): Promise<boolean> {
  try {
    await ask(`EXPLAIN ${sql}`)
    return false
  } catch (error) {
    const code = errorCode(error) ?? ''
    if (DENIED.includes(code)) return true
    if (code === 'ER_NO_SUCH_TABLE') return false
    throw error
  }
}

async function versionOf(ask: RunQuery): Promise<number | undefined> {
  const [row] = await ask(`SELECT MAX(version) AS version FROM ${VERSIONS}`).catch((): Row[] => [])
  return row?.version == null ? undefined : Number(row.version)
}

/** As the account's own grants say; a role's don't show there. */
async function mayCreateIn(ask: RunQuery, database: string): Promise<boolean | undefined> {
  const grantee = "CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')"
  const create = `PRIVILEGE_TYPE = 'CREATE' AND GRANTEE = ${grantee}`
  const [row] = await ask(
    `SELECT (SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES WHERE ${create}) +
      (SELECT COUNT(*) FROM information_schema.SCHEMA_PRIVILEGES WHERE ${create} AND ? LIKE TABLE_SCHEMA) AS n,
      CURRENT_ROLE() AS role`,
    [database],
  )
  if (Number(row?.n) > 0) return true
  return [null, undefined, 'NONE'].includes(row?.role as string | null | undefined) ? false : undefined
}

/** In place of a fact about a server: it did not tell, and why. */
export class Undisclosed {
  constructor(readonly reason: string) {}
}
