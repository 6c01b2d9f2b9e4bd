import test from 'ava'
import { sharedServers } from '../../support/servers.js'
import { rendezvousRounds } from './harness.js'

for (const server of sharedServers()) {
  test.serial(`twenty rendezvous of three processes equal the model’s (${server.kind})`, async t => {
    const { rendezvous, sizes, wrong } = await rendezvousRounds(server.dsn(), t.title, 20)
    t.deepEqual(wrong, [])
    t.true(rendezvous >= 20)
    t.true(Object.keys(sizes).length > 1)
  })
}
