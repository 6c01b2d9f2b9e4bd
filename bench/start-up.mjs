/** Measures a whole run without a wait, from exec to exit: each round runs all wrappers, so that noise affects all of them. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { ms, quantile } from './table.mjs'

const WARM_UP = 2

export async function startUp(wrappers, rounds) {
  const bare = { name: '(no wrapper)', argv: (_lock, command) => command, env: process.env }
  const measured = [bare, ...wrappers].map(wrapper => ({ wrapper, lock: `bench-${randomUUID()}`, times: [] }))
  for (let round = -WARM_UP; round < rounds; round++) {
    for (const { wrapper, lock, times } of measured) {
      const time = await run(wrapper, lock)
      if (round >= 0) times.push(time)
    }
  }
  return measured.map(({ wrapper, times }) => ({
    wrapper: wrapper.name,
    'p25 ms': ms(quantile(times, 0.25)),
    'p50 ms': ms(quantile(times, 0.5)),
    'p90 ms': ms(quantile(times, 0.9)),
    runs: times.length,
  }))
}

async function run({ argv, env }, lock) {
  const [program, ...args] = argv(lock, ['true', lock])
  const startedAt = performance.now()
  const [code] = await once(spawn(program, args, { env, stdio: 'ignore' }), 'exit')
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: exit code ${code}`)
  return performance.now() - startedAt
}
