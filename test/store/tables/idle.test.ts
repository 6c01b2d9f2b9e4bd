/** An idle holder sends the server one statement each third of its lease. */
import test from 'ava'
import { connect } from '../../../src/lib/index.js'
import { admin } from '../../support/admin.js'
import { startServer } from '../../support/servers.js'
import { until } from '../../support/until.js'

const COMMANDS = ['select', 'update', 'insert', 'delete', 'begin', 'commit', 'rollback', 'set_option']
const LEASE_MS = 6000

test('an idle holder with many claims costs one query per third of a lease', async t => {
  await using server = await startServer({ kind: 'mariadb' })
  await using above = await admin(server)
  await using sera = await connect({ server: server.dsn('sera'), lease: LEASE_MS, grace: 500 })
  const locks = await Promise.all([1, 2, 3].map(n => sera.mutex(`idle ${n}`).acquire()))
  const counts = () => Promise.all(COMMANDS.map(command => above.count(`Com_${command}`)))
  const before = await counts()
  const startedAt = performance.now()
  const renewals = async () => (await above.count('Com_update')) - (before[COMMANDS.indexOf('update')] as number)
  await until('three renewals', async () => (await renewals()) >= 3)
  const passed = performance.now() - startedAt
  const after = await counts()
  t.deepEqual(
    after.map((count, i) => count - (before[i] as number)),
    COMMANDS.map(command => (command === 'update' ? 3 : 0)),
  )
  t.true(passed > (2 * LEASE_MS) / 3, 'no sooner')
  t.true(locks.every(({ held }) => held))
})
