/** The choice of a member when another member of the cluster fails. (Any two servers serve as members here.) */

import test from 'ava'
import mysql from 'mysql2/promise'
import { Session } from '../../../src/claims/session.js'
import { systemClock, systemRandom } from '../../../src/clock.js'
import { Mutex } from '../../../src/primitives/mutex.js'
import { startFaultyProxy } from '../../support/faulty-proxy.js'
import { lockTables } from '../../support/lock-tables.js'
import { sharedServers, startServer } from '../../support/servers.js'

const LEASE_MS = 9000

for (const server of sharedServers()) {
  test(`calls that fail together at one member move to the next, not past it (${server.kind})`, async t => {
    await using gone = await startFaultyProxy(server.port)
    const store = lockTables([gone.dsn, server.dsn()], { leaseMs: LEASE_MS })
    const look = () =>
      store.look([{ key: { kind: 'mutex', name: t.title }, upTo: 0 }], { until: systemClock.now() + 4000 })
    await Promise.all([look(), look()])
    gone.dark = true
    await t.notThrowsAsync(Promise.all([look(), look()]))
    await store.close()
  })

  test(`a member with a row that stays locked is left for the next (${server.kind})`, async t => {
    await using stuck = await startServer({ kind: server.kind })
    const name = t.title
    const first = participant([stuck.dsn()])
    await (await new Mutex(first, name).acquire()).release()
    const hanging = await mysql.createConnection({
      host: '127.0.0.1',
      port: stuck.port,
      user: 'sera',
      password: 'secret',
    })
    await hanging.query('START TRANSACTION')
    await hanging.query('SELECT * FROM sera.sera_resource WHERE name = ? FOR UPDATE', [name])
    const second = participant([stuck.dsn(), server.dsn()])
    const lock = await new Mutex(second, name).acquire({ wait: '8s' })
    t.true(lock.held)
    await lock.release()
    await Promise.all([first.close(), second.close()])
    hanging.destroy()
  })
}

function participant(servers: string[]): Session {
  const timing = { leaseMs: LEASE_MS, graceMs: 300, maxClockSkewMs: 30_000 }
  return new Session(lockTables(servers, { leaseMs: LEASE_MS }), {
    clock: systemClock,
    random: systemRandom,
    ...timing,
  })
}
