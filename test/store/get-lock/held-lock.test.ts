/** A held GET_LOCK whose connection breaks. */
import test from 'ava'
import { systemClock } from '../../../src/clock.js'
import { parseDsn } from '../../../src/config/dsn.js'
import { GetLockMutex } from '../../../src/store/get-lock/mutex.js'
import { admin } from '../../support/admin.js'
import { sharedServers } from '../../support/servers.js'
import { until } from '../../support/until.js'

for (const server of sharedServers()) {
  test(`${server.kind}: a connection that broke before the lock was watched is reported at once`, async t => {
    await using above = await admin(server)
    const name = `held ${server.kind}`
    const options = {
      dsn: parseDsn(server.dsn()),
      connectWaitMs: 10_000,
      attributes: {},
      leaseMs: 3_600_000,
      rules: [],
    }
    const mutex = new GetLockMutex(name, {
      ...options,
      clock: systemClock,
      random: { number: Math.random, id: String },
    })
    const lock = await mutex.acquire({ until: Number.POSITIVE_INFINITY, signal: new AbortController().signal })
    await above.kill((await above.holder(name)) ?? 0)
    await until('the connection is closed', () => lock?.lifeline === undefined)
    let reason: string | undefined
    lock?.keep({
      renewed: () => {},
      broken: why => {
        reason = why
      },
    })
    t.is(await until('the loss is reported', () => reason), 'the server closed the connection')
    lock?.abandon()
  })
}
