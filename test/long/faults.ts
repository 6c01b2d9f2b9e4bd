/**
 * A long run of the faults of the lock tables: `npm run test:long`.
 *
 *     npm run test:long                                    # 5,000 grants on each kind of server
 *     npm run test:long -- --grants 500 --server mysql --only killed
 *
 * Exits with 1 if any result was wrong.
 */
import { parseArgs } from 'node:util'
import type { ServerKind } from '../../src/embedded/binary.js'
import { startCluster } from '../faults/tables/cluster.js'
import { complaints, FAULTS } from '../faults/tables/faults.js'
import { GATEWAY_FAULTS } from '../faults/tables/gateway-faults.js'
import { serverBinary } from '../support/servers.js'
import { row, sum } from './table.js'

const { values } = parseArgs({
  options: { grants: { type: 'string' }, server: { type: 'string' }, only: { type: 'string' } },
})
const faults = [...FAULTS, ...GATEWAY_FAULTS].filter(({ title }) => new RegExp(values.only ?? '').test(title))
const quick = faults.reduce((total, fault) => total + fault.quick, 0)
const factor = Number(values.grants ?? 5000) / quick

for (const kind of ['mariadb', 'mysql'] satisfies ServerKind[]) {
  if ((values.server ?? kind) !== kind || !(await serverBinary(kind))) continue
  await using cluster = await startCluster(kind)
  const reports = []
  for (const fault of faults) {
    const startedAt = performance.now()
    const report = await fault.run(cluster, Math.ceil(fault.quick * factor))
    const wrong = complaints(report, fault)
    console.log(row(`${kind}: ${fault.title}`, report, performance.now() - startedAt))
    for (const complaint of wrong) console.log(`  WRONG: ${complaint}`)
    if (wrong.length > 0) process.exitCode = 1
    reports.push(report)
  }
  console.log(row(`${kind}: all`, sum(reports)))
}
