/**
 * Nine clients at a cluster of three members that are cut off, killed and frozen; one member has a wrong clock. See
 * `docs/explanation/faults-and-clusters.md`.
 *
 *     SERA_GALERA_LAB=… npm run test:clusters -- --lab galera
 *     SERA_GR_LAB=… npm run test:clusters -- --lab gr-multi --grants 500 --only partition
 *     SERA_GALERA_LAB=… npm run test:clusters -- --lab galera --gateways
 *
 * Exits with 1 if any result was wrong.
 */
import { parseArgs } from 'node:util'
import { complaints } from '../faults/tables/faults.js'
import type { BrokenRule } from '../faults/tables/harness/broken-rules.js'
import type { GatewayProcess } from '../faults/tables/harness/gateway.js'
import { Harness } from '../faults/tables/harness/harness.js'
import { Lab, type LabKind } from './lab.js'
import { row } from './table.js'
import { TROUBLES, type Trouble } from './troubles.js'

const { values } = parseArgs({
  options: {
    lab: { type: 'string', default: 'galera' },
    grants: { type: 'string', default: '2000' },
    only: { type: 'string', default: '' },
    lease: { type: 'string', default: '10000' },
    minutes: { type: 'string', default: '60' },
    hold: { type: 'string', default: '10' },
    clock: { type: 'string', default: '+5s' },
    broken: { type: 'string' },
    gateways: { type: 'boolean', default: false },
  },
})

const isMeant = ({ name, ofGateways = false }: Trouble) =>
  name.includes(values.only) && (values.gateways || !ofGateways)
const troubles = TROUBLES.filter(isMeant)
const grants = Number(values.grants)
const startedAt = performance.now()
const since = () => `${((performance.now() - startedAt) / 1000).toFixed(0)} s`

await using lab = await Lab.up(values.lab as LabKind, values.clock)
await using harness = await Harness.open({
  sql: statement => lab.sql(statement),
  job: lab.servers,
  prefix: lab.prefix,
  leaseMs: Number(values.lease),
})
const broken = values.broken === undefined ? {} : { broken: values.broken as BrokenRule }
const gateways: GatewayProcess[] = []
// each begins with a different member
for (let at = 0; values.gateways && at < lab.servers.length; at++) {
  gateways.push(await harness.gateway([...lab.servers.slice(at), ...lab.servers.slice(0, at)]))
}
const options = {
  clients: 3,
  holdMs: Number(values.hold),
  ...(values.gateways ? { gateways: gateways.map(({ url }) => url) } : {}),
  ...broken,
}
// where every member accepts writes, some clients use only one member, and are cut off with it
const processes = [false, false, lab.kind !== 'gr' && !values.gateways].map(pinned =>
  harness.clients(lab.servers, { ...options, pinned }),
)
await harness.more(20)
const share = Math.ceil(grants / Math.max(1, troubles.length))
const isOver = () => harness.grants >= grants || performance.now() - startedAt > Number(values.minutes) * 60_000
const healthy = async () => {
  await lab.healthy(() => harness.checker.send('stay'))
  harness.checker.send('go')
}
const isFound = () => broken.broken !== undefined && harness.checker.ledger.overlaps.length > 0
try {
  for (let round = 0; (round < 1 || !isOver()) && !isFound(); round++) {
    for (const trouble of troubles) {
      if (performance.now() - startedAt > Number(values.minutes) * 60_000) break
      const node = await lab.writer()
      console.log(`${since()}: ${harness.grants} grants; ${trouble.name} (node ${node})`)
      const pinned = processes.find(({ options }) => options.pinned)
      await trouble.make({ lab, harness, processes, gateways, pinned, node })
      await healthy()
      await harness.more(Math.min(share, 300), 300_000)
    }
    if (troubles.length === 0) await harness.until('enough', () => isOver() || isFound(), 3_600_000)
  }
  await healthy()
} catch (error) {
  console.log(`  STUCK: ${error instanceof Error ? error.message : error}\n${await lab.run('status')}`)
  process.exitCode = 1
  await healthy()
}
const report = await harness.finish()
console.log(row(values.lab, report, performance.now() - startedAt))
for (const complaint of complaints(report)) console.log(`  WRONG: ${complaint}`)
if (complaints(report).length > 0) process.exitCode = 1
