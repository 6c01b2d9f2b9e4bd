/**
 * All of the guard's faults, in every shell, for every cause: `npm run test:long`.
 *
 *     node build/test/long/guard.js             # prints how late the last of each family ended
 *     node build/test/long/guard.js 'fork'      # only these faults
 *
 * Exits with 1 if any result was wrong.
 */
import { spawnSync } from 'node:child_process'
import { ALL, applies, CAUSES, complaint, SHELLS, torture } from '../faults/guard-torture.js'

const [only = ''] = process.argv.slice(2)
if (spawnSync('strace', ['-V']).status !== 0) {
  console.error('strace, which makes system calls fail, is not installed (Debian: apt-get install strace)')
  process.exit(1)
}
for (const fault of ALL.filter(({ title }) => new RegExp(only).test(title))) {
  for (const shell of SHELLS.filter(shell => applies(fault, shell))) {
    const ends: string[] = []
    for (const cause of CAUSES) {
      const verdict = await torture(shell, cause, fault)
      const wrong = complaint(verdict)
      if (wrong) process.exitCode = 1
      ends.push(
        wrong
          ? `WRONG: ${wrong}`
          : verdict.started
            ? `${cause} ${verdict.lateMs} (lag ${verdict.lagMs}) ms`
            : `${cause} refused`,
      )
    }
    console.log(`${shell.padEnd(8)} ${fault.title.padEnd(32)} ${ends.join(', ')}`)
  }
}
