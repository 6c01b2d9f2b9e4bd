/** A sample of the guard's faults; `npm run test:long` runs all of them. */
import { spawnSync } from 'node:child_process'
import type { ExecutionContext } from 'ava'
import { test } from '../support/turns.js'
import { applies, complaint, SAMPLE, SHELLS, torture } from './guard-torture.js'

const hasStrace = spawnSync('strace', ['-V']).status === 0

for (const shell of SHELLS) {
  for (const fault of SAMPLE.filter(fault => applies(fault, shell))) {
    const causes = fault.crowd ? (['sera dead'] as const) : (['deadline', 'sera dead'] as const)
    // one at a time: many processes slow down every read of /proc, and traced shells slow down each other
    test.serial(`${shell}: ${fault.title}, no command outlives fence and grace`, async (t: ExecutionContext) => {
      if (fault.inject && !hasStrace) {
        t.log('skipped: strace is not installed')
        t.pass()
        return
      }
      for (const cause of causes) {
        const verdict = await torture(shell, cause, fault)
        t.is(complaint(verdict), undefined, `${cause}: ${JSON.stringify(verdict)}`)
      }
    })
  }
}
