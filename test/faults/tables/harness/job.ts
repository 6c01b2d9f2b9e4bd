/**
 * The work under the lock, in the database itself: read a number, wait, write it back increased by one. The token
 * guards the write as the documentation recommends: the writing transaction requires that the resource still has that
 * grant.
 *
 * Each write also inserts a row, so the test need not know the outcome: the number of rows minus the counter's value is
 * the number of lost updates.
 */
import { randomUUID } from 'node:crypto'
import mysql from 'mysql2/promise'
import { parseDsn } from '../../../../src/config/dsn.js'

export const JOB_TABLES = [
  'CREATE TABLE IF NOT EXISTS fault_counter (name VARCHAR(100) PRIMARY KEY, value INT NOT NULL) ENGINE = InnoDB',
  'CREATE TABLE IF NOT EXISTS fault_write (id CHAR(36) PRIMARY KEY, name VARCHAR(100) NOT NULL) ENGINE = InnoDB',
]

export interface JobOptions {
  /** DSNs, tried in order. */
  servers: string[]
  /** Kind of the lock. */
  kind: 'mutex' | 'pool'
  name: string
  /** Whether the write checks the token. */
  guarded: boolean
  /** The limit for one statement, ms. */
  limitMs: number
}

const GUARD = `UPDATE sera_resource SET version = version + 1 WHERE kind = ? AND name = ? AND granted_token = ?`

export class CountingJob {
  #connection: mysql.Connection | undefined
  #at = 0

  constructor(
    readonly options: JobOptions,
    at: number,
  ) {
    this.#at = at
  }

  async read(signal?: AbortSignal): Promise<number> {
    return await this.#use(async ask => {
      const [row] = await ask('SELECT value FROM fault_counter WHERE name = ?', [this.options.name])
      return Number(row?.value)
    }, signal)
  }

  /** @returns whether the token was still the newest */
  async write(token: number, value: number, signal?: AbortSignal): Promise<boolean> {
    const { kind, name, guarded } = this.options
    return await this.#use(async (_, change) => {
      // a client stopped in this transaction keeps the resource's row locked, and blocks every grant
      await change('SET SESSION wait_timeout = 4')
      await change('START TRANSACTION')
      if (guarded && (await change(GUARD, [kind, name, token])) !== 1) {
        await change('ROLLBACK')
        await change('SET SESSION wait_timeout = 600')
        return false
      }
      await change('UPDATE fault_counter SET value = ? WHERE name = ?', [value, name])
      await change('INSERT INTO fault_write VALUES (?, ?)', [randomUUID(), name])
      await change('COMMIT')
      await change('SET SESSION wait_timeout = 600')
      return true
    }, signal)
  }

  close(): void {
    this.#connection?.destroy()
  }

  /** The signal ends the work at once, as a kill ends a command. */
  async #use<T>(
    work: (
      ask: (sql: string, values: unknown[]) => Promise<mysql.RowDataPacket[]>,
      change: (sql: string, values?: unknown[]) => Promise<number>,
    ) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    signal?.throwIfAborted()
    const drop = () => this.#drop()
    signal?.addEventListener('abort', drop)
    try {
      const connection = await this.#open()
      signal?.throwIfAborted()
      const timeout = this.options.limitMs
      return await work(
        async (sql, values) => (await connection.query<mysql.RowDataPacket[]>({ sql, values, timeout }))[0],
        async (sql, values = []) =>
          (await connection.query<mysql.ResultSetHeader>({ sql, values, timeout }))[0].affectedRows,
      )
    } catch (error) {
      this.#drop()
      this.#at++
      throw error
    } finally {
      signal?.removeEventListener('abort', drop)
    }
  }

  #drop(): void {
    this.#connection?.destroy()
    this.#connection = undefined
  }

  async #open(): Promise<mysql.Connection> {
    if (this.#connection) return this.#connection
    const { servers, limitMs } = this.options
    const dsn = parseDsn(servers[this.#at % servers.length] ?? '')
    const address = dsn.address.net === 'tcp' ? { host: dsn.address.host, port: dsn.address.port } : {}
    const connection = await mysql.createConnection({
      ...address,
      ...(dsn.address.net === 'unix' ? { socketPath: dsn.address.path } : {}),
      user: dsn.user,
      password: dsn.password ?? '',
      database: dsn.database ?? '',
      connectTimeout: limitMs,
      trace: false,
    } as mysql.ConnectionOptions)
    connection.on('error', () => {})
    await readFresh(connection)
    this.#connection = connection
    return connection
  }
}

/** On a member of a cluster, reads wait for the commits of other members. */
async function readFresh(connection: mysql.Connection): Promise<void> {
  for (const setting of ['wsrep_sync_wait = 7', "group_replication_consistency = 'BEFORE'"]) {
    await connection.query(`SET SESSION ${setting}`).catch(error => {
      if (error.code !== 'ER_UNKNOWN_SYSTEM_VARIABLE') throw error
    })
  }
}
