/** A server that ends statements, by KILL QUERY or a statement time limit: a wait only tries again. */
import test from 'ava'
import { systemClock, systemRandom } from '../../../src/clock.js'
import { parseDsn } from '../../../src/config/dsn.js'
import { GetLockMutex } from '../../../src/store/get-lock/mutex.js'
import { GetLockSession } from '../../../src/store/get-lock/session.js'
import { admin } from '../../support/admin.js'
import { type SharedServer, sharedServers } from '../../support/servers.js'
import { until } from '../../support/until.js'

function serverOf(server: SharedServer) {
  return {
    dsn: parseDsn(server.dsn()),
    connectWaitMs: 0,
    attributes: { program_name: 'sera' },
    leaseMs: 60_000,
    rules: [],
    clock: systemClock,
    random: { ...systemRandom, number: () => 0.02 },
  }
}

const wait = (ms: number) => ({ until: systemClock.now() + ms, signal: new AbortController().signal })

for (const server of sharedServers()) {
  const mutex = (name: string) => new GetLockMutex(name, serverOf(server))

  test(`${server.kind}: a wait that KILL QUERY interrupts repeatedly is still granted`, async t => {
    await using above = await admin(server)
    const name = `interrupted ${server.kind}`
    const held = await mutex(name).acquire(wait(60_000))
    const waiter = mutex(name).acquire(wait(60_000))
    let rounds = 0
    for (; rounds < 5; rounds++) {
      const id = await until('it waits', async () => (await above.waiters(name))[0])
      await above.interrupt(id)
    }
    await held?.release()
    const next = await waiter
    t.truthy(next)
    await next?.release()
  })

  test(`${server.kind}: interruptions do not move the deadline of a wait`, async t => {
    await using above = await admin(server)
    const name = `deadline ${server.kind}`
    const held = await mutex(name).acquire(wait(60_000))
    const deadline = wait(3000)
    const waiter = mutex(name).acquire(deadline)
    while (systemClock.now() < deadline.until) for (const id of await above.waiters(name)) await above.interrupt(id)
    t.is(await waiter, undefined)
    await held?.release()
  })

  test(`${server.kind}: a GET_LOCK that always fails ends with the reason`, async t => {
    const session = await GetLockSession.open(serverOf(server), wait(60_000))
    session.connection.query = async () => [{ granted: null, void: null }]
    await t.throwsAsync(session.take('x', wait(0)), { message: /^GET_LOCK failed at every try: / })
    session.connection.destroy()
  })

  test(`${server.kind}: an interrupted heartbeat is sent again`, async t => {
    const session = await GetLockSession.open(serverOf(server), wait(60_000))
    t.true(await session.take(`heartbeat ${server.kind}`, wait(0)))
    const { connection } = session
    const query = connection.query.bind(connection)
    let interruptions = 0
    connection.query = async (sql, values) => {
      if (interruptions++ < 2) throw Object.assign(new Error('interrupted'), { code: 'ER_QUERY_INTERRUPTED' })
      return await query(sql, values)
    }
    t.is(await session.confirm(`heartbeat ${server.kind}`), undefined)
    t.is(interruptions, 3)
    connection.destroy()
  })
}
