/** A connection to the lock tables: session settings made, tables present and of a known version. */
import type { Clock } from '../../clock.js'
import type { Dsn } from '../../config/dsn.js'
import { SeraError } from '../../errors.js'
import { type Attributes, type Changed, Connection, type Row } from '../mysql/connection.js'
import { contentionError, errorCode } from '../mysql/retry.js'
import { limitSilence, STEP_SILENCE_S, tableSessionSettings } from '../mysql/session-settings.js'
import { createTables } from '../schema/create-tables.js'
import { checkVersion, SCHEMA_VERSION } from '../schema/schema.js'
import { checkEngines, FOREIGN_TABLES } from '../schema/table-engines.js'

export interface TableServer {
  attributes: Attributes
  clock: Clock
  /** Limit for one call, ms; always less than a third of a lease. */
  callLimitMs: number
  /** How long a session may be silent between steps before the server ends it, ms. */
  idleLimitMs: number
  /** The tables may be missing, or of another version. */
  anySchema?: boolean | undefined
  /** Called with each new connection. */
  onTraits(facts: ServerTraits): void
  /** The caller writes nothing: missing tables are not created, and do not fail the connection. */
  onlyReads?: boolean | undefined
}

/** The database of the tables when the DSN names none. */
const DEFAULT_DATABASE = 'sera'

export function databaseOf({ database }: Pick<Dsn, 'database'>): string {
  return database ?? DEFAULT_DATABASE
}

export class TableConnection {
  #inTransaction = false
  /** The server uses the long limit of silence, see `session-settings.ts`. */
  #isParked = false

  private constructor(
    /** The member it is connected to. */
    readonly dsn: Dsn,
    readonly raw: Connection,
    readonly database: string,
    readonly server: Pick<TableServer, 'callLimitMs' | 'idleLimitMs'>,
    readonly facts: ServerTraits,
  ) {}

  /** One attempt. Rejects with the driver's error, or with SeraError `lock-failed` when another try cannot help. */
  static async open(dsn: Dsn, server: TableServer): Promise<TableConnection> {
    const database = databaseOf(dsn)
    const connectTimeoutMs = Math.min(dsn.connectTimeoutMs, server.callLimitMs)
    // names are of any language, so the DSN's charset does not apply
    const own = { ...dsn, database, connectTimeoutMs, charset: undefined, collation: undefined }
    const raw = await Connection.open(own, server.attributes, server.clock).catch(error => {
      if (!NO_DATABASE.includes(errorCode(error) ?? '')) throw error
      if (!server.onlyReads || dsn.database !== undefined) throw noDatabase(dsn, error)
      return Connection.open({ ...own, database: undefined }, server.attributes, server.clock)
    })
    try {
      await setUp(raw, server)
      const facts = await learn(raw, database, server)
      server.onTraits(facts)
      await readFresh(raw, facts, server)
      return new TableConnection(dsn, raw, database, server, facts)
    } catch (error) {
      raw.destroy()
      throw error
    }
  }

  /** Limit for one statement, ms. */
  get limitMs(): number {
    return this.server.callLimitMs
  }

  query(sql: string, values: unknown[] = []): Promise<Row[]> {
    return this.raw.query(sql, values, this.limitMs)
  }

  async change(sql: string, values: unknown[] = []): Promise<Changed> {
    return this.#expect(this.#inTransaction, await this.raw.change(sql, values, this.limitMs))
  }

  /** Allows the session to be idle for a lease. */
  park(): void {
    if (this.raw.isMariaDb || this.#isParked) return
    this.#isParked = true
    this.#limitSilence(Math.ceil(this.server.idleLimitMs / 1000)).catch(() => {}) // the next statement fails, too
  }

  async begin(): Promise<void> {
    if (this.#isParked) {
      await this.#limitSilence(STEP_SILENCE_S)
      this.#isParked = false
    }
    this.#expect(true, await this.raw.change('START TRANSACTION', [], this.limitMs))
    this.#inTransaction = true
  }

  commit(): Promise<void> {
    return this.#end('COMMIT')
  }

  rollback(): Promise<void> {
    return this.#end('ROLLBACK')
  }

  async #limitSilence(seconds: number): Promise<void> {
    await this.change(`SET SESSION ${limitSilence(seconds)}`)
  }

  async #end(how: 'COMMIT' | 'ROLLBACK'): Promise<void> {
    this.#inTransaction = false
    await this.change(how)
  }

  /**
   * Checks the transaction state that the server reports after a statement. If the transaction is missing, the server
   * has rolled it back silently and run the statement alone. If one is still open after its end, nothing is committed.
   */
  #expect(inTransaction: boolean, changed: Changed): Changed {
    if (changed.inTransaction === inTransaction) return changed
    if (inTransaction) throw contentionError()
    this.raw.destroy()
    throw new SeraError('lock-failed', STILL_OPEN)
  }
}

const STILL_OPEN =
  'the server has a transaction open after a COMMIT or a single statement, so nothing is committed: ' +
  'connect to the server directly, without a proxy'

/** `init_connect` may have opened a transaction, which would include all later statements. */
async function setUp(raw: Connection, { callLimitMs, idleLimitMs }: TableServer): Promise<void> {
  const sql = `SET SESSION ${tableSessionSettings(raw.isMariaDb, idleLimitMs, callLimitMs)}`
  const { inTransaction } = await raw.change(sql, [], callLimitMs)
  if (inTransaction) await raw.change('ROLLBACK', [], callLimitMs)
}

export interface ServerTraits {
  isReadOnly: boolean
  /** Galera, or Group Replication. */
  cluster: 'galera' | 'group' | undefined
  /** Several members accept writes, and one may lag behind another. */
  isMultiPrimary: boolean
}

/** One query reads all facts. If the tables are missing it fails, and sera creates them, unless the server takes no writes. */
async function learn(raw: Connection, database: string, server: TableServer): Promise<ServerTraits> {
  const { callLimitMs, anySchema, onlyReads } = server
  const ask = async (sql: string) => (await raw.query(sql, [], callLimitMs))[0] ?? {}
  const settings = settingsQuery(raw.isMariaDb)
  const bare = `SELECT (${settings}) AS settings`
  const all = `SELECT (SELECT MAX(version) FROM sera_schema) AS version, (${settings}) AS settings,
    (${FOREIGN_TABLES}) AS foreign_tables`
  const row = await ask(anySchema ? bare : all).catch(async error => {
    if (!(onlyReads ? NO_TABLES : ['ER_NO_SUCH_TABLE']).includes(errorCode(error) ?? '')) throw error
    const found = await ask(bare)
    if (onlyReads || isReadOnly(String(found.settings))) return found
    await createTables(raw, 0, database, callLimitMs)
    return await ask(all)
  })
  checkVersion(Number(row.version ?? SCHEMA_VERSION))
  if (!onlyReads) checkEngines(row.foreign_tables, database)
  const found = String(row.settings)
  return { isReadOnly: isReadOnly(found), ...clusterOf(found) }
}

/** Settings that the server has, as `name=value` separated by commas. */
function settingsQuery(isMariaDb: boolean): string {
  const variables = isMariaDb ? 'information_schema.GLOBAL_VARIABLES' : 'performance_schema.global_variables'
  return `SELECT GROUP_CONCAT(LOWER(VARIABLE_NAME), '=', VARIABLE_VALUE) FROM ${variables}
    WHERE VARIABLE_NAME IN ('read_only', 'super_read_only', 'wsrep_on', 'group_replication_group_name',
      'group_replication_single_primary_mode')`
}

/** From MariaDB 12 on, a word names the kind of read-only. */
function isReadOnly(settings: string): boolean {
  return /read_only=(?!OFF|0)/i.test(settings)
}

function clusterOf(settings: string): Pick<ServerTraits, 'cluster' | 'isMultiPrimary'> {
  if (/wsrep_on=(ON|1)/i.test(settings)) return { cluster: 'galera', isMultiPrimary: true }
  const isMultiPrimary = /single_primary_mode=(OFF|0)/i.test(settings)
  return { cluster: /group_name=[^,]/i.test(settings) ? 'group' : undefined, isMultiPrimary }
}

/** Before a read, the member waits until it has all commits of the other members. */
const READS_ARE_FRESH = {
  galera: 'wsrep_sync_wait = 7',
  group: "group_replication_consistency = 'BEFORE'",
} as const

async function readFresh(
  raw: Connection,
  { cluster, isMultiPrimary }: ServerTraits,
  server: TableServer,
): Promise<void> {
  if (cluster && isMultiPrimary) await raw.change(`SET SESSION ${READS_ARE_FRESH[cluster]}`, [], server.callLimitMs)
}

/** Errors for a missing database, missing tables, or tables that the account may not read. */
export const NO_TABLES = ['ER_NO_SUCH_TABLE', 'ER_NO_DB_ERROR', 'ER_TABLEACCESS_DENIED_ERROR']

/** Errors for a database that does not exist or that the account may not use; the account cannot tell which. */
export const NO_DATABASE = ['ER_BAD_DB_ERROR', 'ER_DBACCESS_DENIED_ERROR']

function noDatabase({ database, user }: Dsn, cause: unknown): SeraError {
  const problem =
    database === undefined
      ? `the lock tables need a database: name one in the DSN, or create "${DEFAULT_DATABASE}" and grant it to ${user}`
      : `there is no database ${database} for the lock tables, or ${user} may not use it: create and grant it, or name another`
  return new SeraError('lock-failed', problem, { cause })
}
