/** Runs a short version of each fault on one kind of server; `npm run test:long` runs them for thousands of grants. */
import test from 'ava'
import type { ServerKind } from '../../../src/embedded/binary.js'
import { sharedServers } from '../../support/servers.js'
import { startCluster } from './cluster.js'
import { complaints, FAULTS, type FaultCluster } from './faults.js'
import { GATEWAY_FAULTS } from './gateway-faults.js'

export function eachFault(kind: ServerKind): void {
  const at = sharedServers().findIndex(server => server.kind === kind)
  if (at < 0) {
    test.skip('this server is not installed', () => {})
    return
  }
  let cluster: FaultCluster & AsyncDisposable
  test.before('a server of its own', async () => {
    cluster = await startCluster(kind)
  })
  test.after.always(() => cluster?.[Symbol.asyncDispose]())

  // a gateway behaves the same on each kind of server: run each of its faults once
  const gatewayFaults = GATEWAY_FAULTS.filter((_, number) => number % sharedServers().length === at)
  for (const fault of [...FAULTS, ...gatewayFaults]) {
    test.serial(`${fault.title} (${kind})`, async t => {
      const report = await fault.run(cluster, fault.quick)
      t.log(JSON.stringify(report))
      t.deepEqual(complaints(report, fault), [])
      t.true(report.grants >= fault.quick)
    })
  }
}
