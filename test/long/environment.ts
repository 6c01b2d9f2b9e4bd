/**
 * Every relevant variable of a server, one odd value at a time: contenders on each, and the contract suites. Each
 * result is "same", or refused with a reason.
 *
 *     npm run test:long
 *     node build/test/long/environment.js --server mysql --only sql_mode
 *     node build/test/long/environment.js --no-suites          # the contenders alone, in minutes
 *
 * Exits with 1 if any other result occurs, or if the server has variables that the list lacks.
 */
import { parseArgs } from 'node:util'
import type { ServerKind } from '../../src/embedded/binary.js'
import { candidates, type Odd } from '../faults/environment/candidates.js'
import { contend, type Verdict, type Verdicts } from '../faults/environment/contenders.js'
import { OddServer } from '../faults/environment/odd-server.js'
import { serverBinary } from '../support/servers.js'
import { suites } from './suites.js'

const { values } = parseArgs({
  allowNegative: true,
  options: {
    server: { type: 'string' },
    only: { type: 'string', default: '' },
    suites: { type: 'boolean', default: true },
    /** Servers on which the suites run at once. */
    batch: { type: 'string', default: '4' },
  },
})

/** Longer than any statement time limit that is tried. */
const LONG_MS = 1500

const titled = ({ name, value }: Odd) => `${name}=${value.length > 60 ? `${value.slice(0, 60)}…` : value}`

function wrong(text: string): void {
  console.log(`  WRONG: ${text}`)
  process.exitCode = 1
}

function format(verdict: Verdict): string {
  if (verdict === 'same') return 'same'
  return 'refused' in verdict ? `refused: ${verdict.refused}` : `WRONG: ${verdict.wrong}`
}

async function contenders(server: OddServer, odd: readonly Odd[]): Promise<Map<Odd, Verdicts>> {
  const found = new Map<Odd, Verdicts>()
  for (const one of odd) {
    const verdicts = await server.with(one, (plain, above) => contend(plain, above, 'it', LONG_MS))
    if (verdicts) found.set(one, verdicts)
    const lines = verdicts
      ? Object.entries(verdicts).map(([what, verdict]) => `${what} ${format(verdict)}`)
      : ['the server does not start']
    console.log(`${server.kind} ${titled(one)}: ${lines.join('; ')}`)
    if (lines.some(line => line.includes('WRONG'))) process.exitCode = 1
  }
  return found
}

for (const kind of ['mariadb', 'mysql'] satisfies ServerKind[]) {
  if ((values.server ?? kind) !== kind || !(await serverBinary(kind))) continue
  const startedAt = performance.now()
  await using server = await OddServer.start(kind)
  const { odd, leftOut, unknown } = candidates(kind, server.variables)
  for (const name of unknown) wrong(`${name} has no odd value and is not left out`)
  const meant = odd.filter(one => new RegExp(values.only).test(titled(one)))
  const found = await contenders(server, meant)
  const count = (is: (verdicts: Verdicts) => boolean) => [...found.values()].filter(is).length
  const names = new Set(meant.map(({ name }) => name)).size
  const same = count(verdicts => Object.values(verdicts).every(verdict => verdict === 'same'))
  const seconds = () => Math.round((performance.now() - startedAt) / 1000)
  console.log(
    `${kind}: ${meant.length} values of ${names} variables (${leftOut.length} left out): ${same} same, ` +
      `${found.size - same} refused or wrong, ${meant.length - found.size} not started, ${seconds()} s`,
  )
  if (values.suites) for (const complaint of await suites(kind, found, Number(values.batch), titled)) wrong(complaint)
  console.log(`${kind}: all, ${seconds()} s`)
}
