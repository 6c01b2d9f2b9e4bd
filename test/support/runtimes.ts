/** The command line as users run it: on Node, and as the single binary where it has been built (`npm test` builds it). */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

export interface SeraRuntime {
  name: 'node' | 'binary'
  program: string
}

const ALL: readonly SeraRuntime[] = [
  { name: 'node', program: resolve('bin/sera') },
  { name: 'binary', program: resolve('dist/sera') },
]

/** The runtimes that exist; `SERA_TEST_RUNTIME` picks one. */
export const RUNTIMES = ALL.filter(
  ({ name, program }) => existsSync(program) && name === (process.env.SERA_TEST_RUNTIME ?? name),
)
