/**
 * `sera once` with hosts that start in random order, many times: each round has exactly one run.
 *
 *     node build/test/long/once.js --rounds 20 --server mysql
 *
 * Exits with 1 if any round was wrong.
 */
import { parseArgs } from 'node:util'
import type { ServerKind } from '../../src/embedded/binary.js'
import { round } from '../e2e/once-rounds.js'
import { RUNTIMES } from '../support/runtimes.js'
import { bench } from '../support/sera.js'
import { serverBinary, startServer } from '../support/servers.js'

const { values } = parseArgs({ options: { rounds: { type: 'string' }, server: { type: 'string' } } })
const rounds = Number(values.rounds ?? 200)

for (const kind of ['mariadb', 'mysql'] satisfies ServerKind[]) {
  if ((values.server ?? kind) !== kind || !(await serverBinary(kind))) continue
  await using server = await startServer({ kind })
  for (const runtime of RUNTIMES) {
    const startedAt = performance.now()
    let wrong = 0
    for (let n = 0; n < rounds; n++) {
      const teardowns: (() => unknown)[] = []
      const own = bench({ title: 'once', teardown: body => void teardowns.push(body) }, runtime, server.dsn())
      const { codes, runs } = await round(own, `${runtime.name} ${n}`)
      for (const body of teardowns) await body()
      if (runs === 1 && codes.every(code => code === 0)) continue
      wrong++
      console.log(`  WRONG: round ${n}: ${runs} runs, exit codes ${codes.join(' ')}`)
    }
    const seconds = Math.round((performance.now() - startedAt) / 1000)
    console.log(`${kind}, ${runtime.name}: ${rounds} rounds of 5 hosts, ${wrong} wrong (${seconds} s)`)
    if (wrong > 0) process.exitCode = 1
  }
}
