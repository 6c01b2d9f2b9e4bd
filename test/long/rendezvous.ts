/**
 * A thousand rendezvous on each kind of server, compared with a model: `npm run test:long` runs it after the faults.
 *
 * Exits with 1 if a candidate met other actors than in the model.
 */
import type { ServerKind } from '../../src/embedded/binary.js'
import { rendezvousRounds } from '../faults/rendezvous/harness.js'
import { serverBinary, startServer } from '../support/servers.js'

const ENOUGH = Number(process.argv[2] ?? 1000)

for (const kind of ['mariadb', 'mysql'] satisfies ServerKind[]) {
  if (!(await serverBinary(kind))) continue
  await using server = await startServer({ kind })
  const startedAt = performance.now()
  const { rounds, candidates, rendezvous, sizes, left, wrong } = await rendezvousRounds(server.dsn(), 'meeting', ENOUGH)
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  const shares = Object.entries(sizes).map(([size, count]) => `${count} of ${size}`)
  console.log(`${kind}: ${rendezvous} rendezvous (${shares.join(', ')}) in ${rounds} rounds, ${seconds} s`)
  console.log(`  ${candidates} candidates, ${left} without a rendezvous, ${wrong.length} differ from the model`)
  for (const one of wrong) console.log(`  WRONG: ${one}`)
  if (wrong.length > 0) process.exitCode = 1
}
