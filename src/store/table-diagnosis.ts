/** Facts about the lock tables on one server. It creates, changes and locks nothing. */
import type { Dsn } from '../config/dsn.js'
import type { Row } from './mysql/connection.js'
import { errorCode, explain } from './mysql/retry.js'
import { DENIED } from './schema/create-tables.js'
import { statementsSince } from './schema/schema.js'
import { MAJOR_OF_PROCESS } from './tables/process-id.js'
import { databaseOf, NO_DATABASE } from './tables/table-connection.js'

export type RunQuery = (sql: string, values?: unknown[]) => Promise<Row[]>

export interface TableFacts {
  database: string
  /** Why the database can't be used. */
  noDatabase?: string
  /** All tables of sera. */
  tables: readonly TableFact[]
  /** The version in `sera_schema`; undefined when it can't be read. */
  version: number | undefined
  /** Hosts whose claims are in the tables now, with the major version of the sera that made them. */
  hosts: readonly HostVersion[]
  /** Whether the account may create tables there; undefined when unknown, as with a role. */
  mayCreate: boolean | undefined
}

interface HostVersion {
  host: string
  major: number
}

export interface TableFact {
  name: string
  /** InnoDB; undefined when the table is missing or hidden from the account. */
  engine: string | undefined
  /** The privileges that the account lacks; unknown on a read-only server. */
  denied: readonly string[] | Undisclosed
}

export async function diagnoseTables(ask: RunQuery, dsn: Dsn): Promise<TableFacts> {
  const database = databaseOf(dsn)
  const none = { database, tables: [], version: undefined, hosts: [], mayCreate: undefined }
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
  const hosts = await hostsOf(ask)
  const isComplete = found.every(({ engine }) => engine !== undefined)
  const mayCreate = isComplete ? undefined : await mayCreateIn(ask, database)
  return { database, tables: found, version, hosts, mayCreate }
}

/** Tables with their first column, for the UPDATE. */
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
 * EXPLAIN needs the same privileges as the statement, from the account, a role or a pattern, and changes nothing.
 * Single privileges are checked only if something is denied.
 */
async function deniedAt(ask: RunQuery, name: string): Promise<string[]> {
  if (name === VERSIONS) return [] // sera only reads this table, and the query for the version shows whether it may
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

/** Empty where the account may not read the claims, which is a finding of its own. */
async function hostsOf(ask: RunQuery): Promise<HostVersion[]> {
  const rows = await ask(
    `SELECT DISTINCT host, ${MAJOR_OF_PROCESS} AS major FROM sera_claim WHERE ${MAJOR_OF_PROCESS} IS NOT NULL LIMIT 1000`,
  ).catch((): Row[] => [])
  return rows.map(({ host, major }) => ({ host: String(host), major: Number(major) }))
}

/** By the account's own grants; grants of a role do not show there. */
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

/** Takes the place of a fact that the server did not disclose. */
export class Undisclosed {
  constructor(readonly reason: string) {}
}
