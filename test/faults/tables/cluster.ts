/** A server for the faults of one run, and SQL as its administrator, also after a restart. */
import { connect } from 'node:net'
import mysql from 'mysql2/promise'
import type { ServerKind } from '../../../src/embedded/binary.js'
import { startServer } from '../../support/servers.js'
import type { FaultCluster } from './faults.js'

/** A test server loses its last commits when it is killed; these faults check that a restart keeps them. */
const KEEPS_COMMITS = ['--innodb-flush-log-at-trx-commit=2']

export async function startCluster(kind: ServerKind): Promise<FaultCluster & AsyncDisposable> {
  const server = await startServer({ kind, args: KEEPS_COMMITS })
  const sql = async (statement: string): Promise<string[][]> => {
    const stream = () => connect(server.socketPath)
    const connection = await mysql.createConnection({ user: 'root', database: 'sera', stream, rowsAsArray: true })
    try {
      const [rows] = await connection.query(statement)
      return Array.isArray(rows) ? rows.map(row => (row as unknown[]).map(String)) : []
    } finally {
      connection.destroy()
    }
  }
  return { server, sql, [Symbol.asyncDispose]: () => server.stop() }
}
