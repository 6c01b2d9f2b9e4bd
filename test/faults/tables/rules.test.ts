/** The harness notices each broken safety rule; with every rule kept, the same fault causes no violation. */
import test from 'ava'
import { sharedServers } from '../../support/servers.js'
import { startCluster } from './cluster.js'
import { complaints, type FaultCluster } from './faults.js'
import { breaking, PROOFS } from './proofs.js'

// the kind of server does not matter to the rules
const kind = sharedServers()[0]?.kind ?? 'mariadb'
let cluster: FaultCluster & AsyncDisposable
test.before('a server of its own', async () => {
  cluster = await startCluster(kind)
})
test.after.always(() => cluster?.[Symbol.asyncDispose]())

for (const proof of PROOFS) {
  test.serial(`found: ${proof.rule}`, async t => {
    // a possible violation may not happen at the first try
    let found: string[] = []
    for (let tries = 0; tries < 3 && found.length === 0; tries++) {
      found = complaints(await proof.run(cluster, breaking(proof)))
    }
    t.log(found[0])
    t.not(found.length, 0)
    t.deepEqual(complaints(await proof.run(cluster, {})), [])
  })
}
