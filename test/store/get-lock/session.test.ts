/** The result of a release by a session of GET_LOCK. */
import test from 'ava'
import { systemClock, systemRandom } from '../../../src/clock.js'
import { parseDsn } from '../../../src/config/dsn.js'
import { GetLockSession } from '../../../src/store/get-lock/session.js'
import { sharedServers } from '../../support/servers.js'

for (const server of sharedServers()) {
  const open = async (name: string) => {
    const wait = { until: Number.POSITIVE_INFINITY, signal: new AbortController().signal }
    const options = { dsn: parseDsn(server.dsn()), connectWaitMs: 10_000, attributes: {}, leaseMs: 60_000, rules: [] }
    const session = await GetLockSession.open({ ...options, clock: systemClock, random: systemRandom }, wait)
    await session.take(name, wait)
    return session
  }

  test(`${server.kind}: a release reports a lock held, not held, or a silent server`, async t => {
    const held = await open('release 1')
    t.is(await held.release('release 1'), undefined)
    const gone = await open('release 2')
    await gone.ask('SELECT RELEASE_LOCK(?)', ['release 2'])
    t.is(await gone.release('release 2'), 'the server no longer counts the lock as held by this connection')
    const cut = await open('release 3')
    cut.connection.destroy()
    t.is(await cut.release('release 3'), undefined)
  })
}
