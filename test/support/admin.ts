/** A root connection to a server: it sees locks, counters and sessions, and can end sessions. */
import { connect } from 'node:net'
import mysql from 'mysql2/promise'
import type { ServerAddress } from './servers.js'

export interface Admin extends AsyncDisposable {
  /** The connection that holds the lock; undefined when the lock is free. */
  holder(lock: string): Promise<number | undefined>
  /** Whether a session waits for the lock. */
  waitsFor(lock: string): Promise<boolean>
  /** A global status variable. */
  count(variable: string): Promise<number>
  kill(connection: number): Promise<void>
  /** The connections that wait for the lock. */
  waiters(lock: string): Promise<number[]>
  /** Ends the connection's statement, but not the connection. */
  interrupt(connection: number): Promise<void>
  /** Committed renewals of the newest claim at a resource. */
  renewals(resource: string): Promise<number>
  /** Committed capacity of the counter of that name. */
  capacity(counter: string): Promise<number>
  /** All global variables. */
  variables(): Promise<Map<string, string>>
  /** A script of statements. */
  run(sql: string): Promise<void>
}

export async function admin({ socketPath }: Pick<ServerAddress, 'socketPath'>): Promise<Admin> {
  const connection = await mysql.createConnection({
    user: 'root',
    stream: () => connect(socketPath),
    multipleStatements: true,
    connectTimeout: 60_000,
  })
  connection.on('error', () => {}) // the server was stopped
  const all = async (sql: string, values: unknown[] = []) =>
    (await connection.query<mysql.RowDataPacket[]>(sql, values))[0]
  const row = async (sql: string, values: unknown[] = []) => (await all(sql, values))[0]
  const waiters = async (lock: string) => {
    const mine = "STATE = 'User lock' AND INSTR(REPLACE(INFO, '\\\\', ''), ?) > 0"
    return (await all(`SELECT ID AS id FROM information_schema.PROCESSLIST WHERE ${mine}`, [lock])).map(({ id }) => id)
  }
  return {
    async holder(lock) {
      return (await row('SELECT IS_USED_LOCK(?) AS id', [lock]))?.id ?? undefined
    },
    waiters,
    async waitsFor(lock) {
      return (await waiters(lock)).length > 0
    },
    async count(variable) {
      return Number((await row('SHOW GLOBAL STATUS LIKE ?', [variable]))?.Value)
    },
    async kill(id) {
      await connection.query(`KILL ${id}`)
    },
    async interrupt(id) {
      await connection.query(`KILL QUERY ${id}`)
    },
    async renewals(name) {
      const sql =
        'SELECT renewals FROM sera.sera_claim c JOIN sera.sera_resource r ON r.id = resource_id WHERE name = ?'
      return Number((await row(`${sql} ORDER BY ticket DESC LIMIT 1`, [name]))?.renewals ?? 0)
    },
    async capacity(name) {
      const sql = "SELECT capacity FROM sera.sera_resource WHERE kind = 'counter' AND name = ?"
      return Number((await row(sql, [name]))?.capacity)
    },
    async variables() {
      return new Map((await all('SHOW GLOBAL VARIABLES')).map(({ Variable_name, Value }) => [Variable_name, Value]))
    },
    async run(sql) {
      await connection.query(sql)
    },
    async [Symbol.asyncDispose]() {
      connection.destroy()
    },
  }
}
