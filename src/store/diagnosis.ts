/**
 * Facts about one server, for `sera doctor`, from one connection and short statements that read. A statement that fails
 * does not affect the others. None of them writes, locks a row, or waits for a lock.
 */
import type { Clock } from '../clock.js'
import type { Dsn } from '../config/dsn.js'
import {
  supportExpression,
  type supportRules,
  type UnsupportedServer,
  unsupportedServer,
} from './get-lock/server-support.js'
import { type Attributes, Connection, type Row } from './mysql/connection.js'
import { explain } from './mysql/retry.js'
import { diagnoseTables, type RunQuery, type TableFacts, Undisclosed } from './table-diagnosis.js'

export interface Diagnosis {
  dsn: Dsn
  /** Duration of the attempt, successful or not. */
  connectMs: number
  facts: ServerFacts | undefined
  /** Why the connection failed; `explain` interprets it. */
  failure?: unknown
}

export interface ServerFacts {
  /** From the greeting, which may come from a proxy. */
  greeting: { version: string; connection: number }
  isMariaDb: boolean
  identity: Identity | Undisclosed
  /** The proxy's name; undefined without a proxy. */
  proxy: string | undefined
  /** Global variables that the server has, by lower-case name. */
  settings: ReadonlyMap<string, string> | Undisclosed
  /** Status variables of the session (TLS) and of the server. */
  status: ReadonlyMap<string, string> | Undisclosed
  /** The session's `wait_timeout` after sera set it, s. */
  sessionTimeout: number | Undisclosed
  clock: ClockReading | Undisclosed
  /** Why GET_LOCK does not lock there; undefined where it does. */
  getLock: UnsupportedServer | undefined | Undisclosed
  /** Members of Group Replication; undefined where there is none. */
  members: readonly GroupMember[] | undefined | Undisclosed
  tables: TableFacts | Undisclosed
  /** Number of statements, and their total time. */
  asked: { count: number; ms: number }
}

interface Identity {
  version: string
  comment: string
  connection: number
  account: string
  /** 0: the account has no limit. */
  maxUserConnections: number
  /** Connections of this account, as far as it may see them. */
  userConnections: number
}

export interface ClockReading {
  /** This host's clock, ms since 1970, before and after the answer. */
  before: number
  after: number
  /** The server's UTC_TIMESTAMP(6), `2026-11-21 16:36:32.018949`. */
  server: string
}

export interface GroupMember {
  name: string
  state: string
  role: string
  /** The member that answers. */
  isThis: boolean
}

export interface DiagnosisOptions {
  attributes: Attributes
  leaseMs: number
  rules: ReturnType<typeof supportRules>
  clock: Clock
}

/** Limit for one answer; a person waits for all answers. */
const LONGEST_ANSWER_MS = 5000

/** Never rejects: a failure is part of the diagnosis. */
export async function diagnose(dsn: Dsn, options: DiagnosisOptions): Promise<Diagnosis> {
  const begun = options.clock.now()
  const connectMs = () => options.clock.now() - begun
  try {
    // without a database, because the database may be the problem
    const connection = await Connection.open({ ...dsn, database: undefined }, options.attributes, options.clock)
    const found = { dsn, connectMs: connectMs() }
    const facts = await new ServerQuestions(connection, dsn, options).ask()
    connection.close()
    return { ...found, facts }
  } catch (failure) {
    return { dsn, connectMs: connectMs(), facts: undefined, failure }
  }
}

class ServerQuestions {
  readonly #asked = { count: 0, ms: 0 }

  constructor(
    readonly connection: Connection,
    readonly dsn: Dsn,
    readonly options: DiagnosisOptions,
  ) {}

  async ask(): Promise<ServerFacts> {
    const { connection, dsn } = this
    const { isMariaDb, id, serverVersion } = connection
    const sessionTimeout = await this.#orUndisclosed(() => this.#setUp())
    const settings = await this.#orUndisclosed(() => this.#variables(`SHOW GLOBAL VARIABLES WHERE ${named(SETTINGS)}`))
    const identity = await this.#orUndisclosed(() => this.#identify())
    return {
      greeting: { version: serverVersion, connection: id },
      isMariaDb,
      identity,
      proxy: await this.#proxy(identity),
      settings,
      status: await this.#orUndisclosed(() => this.#variables(`SHOW SESSION STATUS WHERE ${named(STATUS)}`)),
      sessionTimeout,
      clock: await this.#orUndisclosed(() => this.#readClock()),
      getLock: await this.#orUndisclosed(() => this.#voidReason()),
      members: await this.#orUndisclosed(() => this.#groupMembers(settings)),
      tables: await this.#orUndisclosed(() => diagnoseTables(this.#ask, dsn)),
      asked: this.#asked,
    }
  }

  readonly #ask: RunQuery = async (sql, values) => {
    const { clock } = this.options
    const begun = clock.now()
    try {
      return await this.connection.query(sql, values, Math.min(this.dsn.connectTimeoutMs, LONGEST_ANSWER_MS))
    } finally {
      this.#asked.count++
      this.#asked.ms += clock.now() - begun
    }
  }

  async #orUndisclosed<T>(fact: () => Promise<T>): Promise<T | Undisclosed> {
    return await fact().catch(error => new Undisclosed(explain(error)))
  }

  /**
   * Sets up the session as sera does, which shows whether that works. Nothing waits behind a locked table, and EXPLAIN
   * INSERT needs no values.
   */
  async #setUp(): Promise<number> {
    const seconds = Math.ceil(this.options.leaseMs / 1000)
    await this.#ask(`SET SESSION wait_timeout = ${seconds}, lock_wait_timeout = 1, sql_mode = ''`)
    const [row] = await this.#ask('SELECT @@session.wait_timeout AS seconds')
    return Number(row?.seconds)
  }

  async #variables(sql: string): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#ask(sql)
    return new Map(rows.map(({ Variable_name, Value }) => [String(Variable_name).toLowerCase(), String(Value)]))
  }

  async #identify(): Promise<Identity> {
    const [row = {}] = await this.#ask(IDENTITY)
    return {
      version: String(row.version),
      comment: String(row.comment ?? ''),
      connection: Number(row.connection),
      account: String(row.account),
      maxUserConnections: Number(row.most ?? 0),
      userConnections: Number(row.most) > 0 ? await this.#countOwn() : 0,
    }
  }

  async #countOwn(): Promise<number> {
    const [row] = await this.#ask(
      "SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE USER = SUBSTRING_INDEX(USER(), '@', 1)",
    )
    return Number(row?.n)
  }

  /** ProxySQL answers exactly the first statement itself, and it knows the second; a server rejects the second as an error. */
  async #proxy(identity: Identity | Undisclosed): Promise<string | undefined> {
    const [row] = await this.#ask('SELECT @@version_comment LIMIT 1').catch((): Row[] => [])
    if (/proxysql/i.test(JSON.stringify(row ?? {}))) return 'ProxySQL'
    if (identity instanceof Undisclosed || identity.connection === this.connection.id) return undefined
    const isProxySql = await this.#ask('PROXYSQL INTERNAL SESSION').then(
      () => true,
      () => false,
    )
    return isProxySql ? 'ProxySQL' : undefined
  }

  async #readClock(): Promise<ClockReading> {
    const { clock } = this.options
    const before = clock.wall()
    const [row] = await this.#ask('SELECT CAST(UTC_TIMESTAMP(6) AS CHAR) AS now')
    return { before, after: clock.wall(), server: String(row?.now) }
  }

  /** By the rules of the engine get_lock. */
  async #voidReason(): Promise<UnsupportedServer | undefined> {
    const { rules } = this.options
    const [row] = await this.#ask(`SELECT ${supportExpression(rules, this.connection.isMariaDb)} AS void`)
    return row?.void ? unsupportedServer(rules, String(row.void)) : undefined
  }

  async #groupMembers(settings: ReadonlyMap<string, string> | Undisclosed): Promise<GroupMember[] | undefined> {
    if (settings instanceof Undisclosed || !settings.get('group_replication_group_name')) return undefined
    const rows = await this.#ask(
      `SELECT CONCAT(MEMBER_HOST, ':', MEMBER_PORT) AS name, MEMBER_STATE AS state, MEMBER_ROLE AS role,
        MEMBER_ID = @@server_uuid AS isThis FROM performance_schema.replication_group_members`,
    )
    return rows.map(({ name, state, role, isThis }) => ({
      name: String(name),
      state: String(state),
      role: String(role),
      isThis: Number(isThis) === 1,
    }))
  }
}

const IDENTITY = `SELECT VERSION() AS version, @@version_comment AS comment, CONNECTION_ID() AS connection,
  CURRENT_USER() AS account, @@session.max_user_connections AS most`

const SETTINGS = [
  ...['read_only', 'super_read_only', 'innodb_read_only', 'offline_mode', 'log_bin', 'binlog_format', 'wait_timeout'],
  ...['max_connections', 'aurora_version', 'ndb_connectstring', 'wsrep_on', 'wsrep_cluster_name'],
  ...['group_replication_group_name', 'group_replication_single_primary_mode'],
]

const STATUS = [
  ...['Ssl_cipher', 'Ssl_version', 'Threads_connected', 'Slave_running'],
  ...['wsrep_cluster_size', 'wsrep_cluster_status', 'wsrep_local_state_comment', 'wsrep_ready'],
]

function named(names: readonly string[]): string {
  return `Variable_name IN (${names.map(name => `'${name}'`).join(', ')})`
}
