/** With any one safety rule switched off the harness finds it; with all of them the same trouble does nothing. */
import test from 'ava'
import { sharedServers } from '../../support/servers.js'
import { startCluster } from './cluster.js'
import { complaints, type FaultCluster } from './faults.js'
import { doingWithout, PROOFS } from './proofs.js'

// what they guard against does not depend on the kind of server
const kind = sharedServers()[0]?.kind ?? 'mariadb'
let cluster: FaultCluster & AsyncDisposable
test.before('a server of its own', async () => {
  cluster = await startCluster(kind)
})
test.after.always(() => cluster?.[Symbol.asyncDispose]())

for (const proof of PROOFS) {
  test.serial(`found: ${proof.rule}`, async t => {
    // an accident that is possible need not happen at once
    let found: string[] = []
    for (let tries = 0; tries < 3 && found.length === 0; tries++) {
      found = complaints(await proof.run(cluster, doingWithout(proof)))
    }
    t.log(found[0])
    t.not(found.length, 0)
    t.deepEqual(complaints(await proof.run(cluster, {})), [])
  })
}
