/** A test's own database on a shared server, without tables, and accounts that may use it. */

import { randomUUID } from 'node:crypto'
import type { ExecutionContext } from 'ava'
import mysql from 'mysql2/promise'
import { systemClock } from '../../src/clock.js'
import type { LockTables, LockTablesOptions } from '../../src/store/tables/lock-tables.js'
import { type CliResult, sera } from '../support/cli.js'
import { lockTables } from '../support/lock-tables.js'
import { RUNTIMES } from '../support/runtimes.js'
import type { SharedServer } from '../support/servers.js'

export interface Database {
  name: string
  root: mysql.Connection
  /** Another connection of root to this database. */
  another(): Promise<mysql.Connection>
  /** The DSN of an account with these rights on the database. */
  account(rights: string): Promise<string>
  /** The rows of one query, as root. */
  rows(sql: string, values?: unknown[]): Promise<mysql.RowDataPacket[]>
  open(dsn: string, options?: Partial<LockTablesOptions>): LockTables
}

export async function database(t: ExecutionContext, server: SharedServer): Promise<Database> {
  const name = `schema_${randomUUID().replaceAll('-', '').slice(0, 12)}`
  const connect = () =>
    mysql.createConnection({ user: 'root', socketPath: server.socketPath, multipleStatements: true, timezone: 'Z' })
  const root = await connect()
  await root.query(`CREATE DATABASE ${name}`)
  t.teardown(async () => {
    await root.query(`DROP DATABASE IF EXISTS ${name}`)
    await root.end()
  })
  await root.query(`USE ${name}`)
  return {
    name,
    root,
    async another() {
      const connection = await connect()
      t.teardown(() => connection.end())
      await connection.query(`USE ${name}`)
      return connection
    },
    async account(rights) {
      const user = `u${name.slice(-8)}`
      await root.query(`CREATE USER IF NOT EXISTS '${user}'@'%' IDENTIFIED BY 'secret'`)
      if (rights !== 'USAGE') await root.query(`GRANT ${rights} ON ${name}.* TO '${user}'@'%'`)
      t.teardown(() => root.query(`DROP USER IF EXISTS '${user}'@'%'`))
      return `${user}:secret@tcp(127.0.0.1:${server.port})/${name}`
    },
    async rows(sql, values) {
      const [rows] = await root.query<mysql.RowDataPacket[]>(sql, values)
      return rows.map(row => ({ ...row })) as mysql.RowDataPacket[]
    },
    open: (dsn, options) => open(t, dsn, options),
  }
}

function open(t: ExecutionContext, dsn: string, options: Partial<LockTablesOptions> = {}): LockTables {
  const store = lockTables([dsn], { connectWaitMs: 20_000, ...options })
  t.teardown(() => store.close())
  return store
}

export const deadline = () => ({ until: systemClock.now() + 60_000 })

const [runtime] = RUNTIMES as [(typeof RUNTIMES)[number]]

/** Runs sera with a DSN and additional environment variables. */
export function run(server: string, ...argv: (string | Record<string, string>)[]): Promise<CliResult> {
  const env = Object.assign({ SERA_SERVER: server }, ...argv.filter(word => typeof word !== 'string'))
  return sera(
    runtime,
    argv.filter(word => typeof word === 'string'),
    { env },
  )
}
