/** A look at a server from above, as root: who has a lock, what has been counted; and the power to end a session. */
import { connect } from 'node:net'
import mysql from 'mysql2/promise'
import type { ServerAddress } from './servers.js'

export interface Admin extends AsyncDisposable {
  /** The connection that has the lock; undefined when nobody has. */
  holder(lock: string): Promise<number | undefined>
  /** Whether some session waits for the lock. */
  waitsFor(lock: string): Promise<boolean>
  /** A global status variable. */
  count(variable: string): Promise<number>
  kill(connection: number): Promise<void>
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
  connection.on('error', () => {}) // a server that was stopped
  const row = async (sql: string, values: unknown[] = []) => {
    const [rows] = await connection.query<mysql.RowDataPacket[]>(sql, values)
    return rows[0]
  }
  return {
    async holder(lock) {
      return (await row('SELECT IS_USED_LOCK(?) AS id', [lock]))?.id ?? undefined
    },
    async waitsFor(lock) {
      const mine = 'STATE = ? AND INSTR(INFO, ?) > 0'
      return (
        Number(
          (await row(`SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE ${mine}`, ['User lock', lock]))?.n,
        ) > 0
      )
    },
    async count(variable) {
      return Number((await row('SHOW GLOBAL STATUS LIKE ?', [variable]))?.Value)
    },
    async kill(id) {
      await connection.query(`KILL ${id}`)
    },
    async run(sql) {
      await connection.query(sql)
    },
    async [Symbol.asyncDispose]() {
      connection.destroy()
    },
  }
}
