/** A server without free connections, after a lock was granted. */
import test from 'ava'
import mysql from 'mysql2/promise'
import { connect } from '../../../src/lib/index.js'
import { admin } from '../../support/admin.js'
import { sharedServers, startServer, type TestServer } from '../../support/servers.js'
import { until } from '../../support/until.js'

const TIMES = { lease: 6000, grace: 500 }

/** Takes every connection that is or becomes free, until it is disposed of. */
function occupy({ port }: TestServer): AsyncDisposable & { isFull: boolean } {
  const taken: mysql.Connection[] = []
  const own = { isFull: false, over: false }
  const options = { host: '127.0.0.1', port, user: 'sera', password: 'secret' }
  const done = (async () => {
    while (!own.over) {
      await mysql.createConnection(options).then(
        connection => taken.push(connection),
        () => {
          own.isFull = true
        },
      )
    }
  })()
  return {
    get isFull() {
      return own.isFull
    },
    async [Symbol.asyncDispose]() {
      own.over = true
      await done
      for (const connection of taken) connection.destroy()
    },
  }
}

for (const { kind } of sharedServers()) {
  test(`${kind}: a holder that waited keeps its lock when the server is full`, async t => {
    await using server = await startServer({ kind, args: ['--max-connections=10'] })
    await using above = await admin(server)
    await using sera = await connect({ server: server.dsn('sera'), ...TIMES })
    const first = await connect({ server: server.dsn('sera'), ...TIMES })
    const before = await first.mutex('x').acquire()
    const waiting = sera.mutex('x').acquire()
    await until('a waiter', async () => (await first.mutex('x').contenders()).length === 2)
    await before.release()
    const lock = await waiting
    await first.close()
    await using house = occupy(server)
    await until('a full server', () => house.isFull)
    const renewals = async () => await above.count('Com_update')
    const start = await renewals()
    await until('three renewals, or the loss', async () => !lock.held || (await renewals()) >= start + 3)
    t.true(lock.held)
  })
}
