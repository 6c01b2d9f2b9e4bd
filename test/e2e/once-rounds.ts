/** Runs of one key that start in different orders: exactly one may run the command. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench, SeraProcess } from '../support/sera.js'
import { until } from '../support/until.js'

/** About 5 ms of work, and a line in the file for each run. */
const WORK = 'echo "$$" >>"$1"; sleep 0.005'

export interface Round {
  codes: number[]
  runs: number
}

/** Two runs start together, one while the command runs, one after the first has ended, and one after all. */
export async function round(bench: Bench, key: string): Promise<Round> {
  const file = join(bench.folder, key)
  const start = () => bench.sub(['once', key, '60', 'sh', '-c', WORK, 'sh', file])
  const runs: SeraProcess[] = [start(), start()]
  await until('the command runs', () => existsSync(file), { everyMs: 1 })
  runs.push(start())
  await Promise.race(runs.map(({ exited }) => exited))
  runs.push(start())
  await Promise.all(runs.map(({ exited }) => exited))
  runs.push(start())
  const codes = await Promise.all(runs.map(({ exited }) => exited))
  return { codes, runs: readFileSync(file, 'utf8').split('\n').length - 1 }
}
