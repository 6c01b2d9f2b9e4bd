/** Output that cannot be written to stdout. */
import { execFile } from 'node:child_process'
import test, { type ExecutionContext } from 'ava'
import { RUNTIMES } from '../support/runtimes.js'

interface PrintEnd {
  code: number
  stdout: string
  stderr: string
}

/** In `script`, "$1" is sera. */
function shell(script: string, program: string): Promise<PrintEnd> {
  return new Promise(resolve => {
    execFile('bash', ['-c', script, 'bash', program], (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

for (const runtime of RUNTIMES) {
  const cases: Record<string, (t: ExecutionContext) => Promise<void>> = {
    'a full disk is an error in one line': async t => {
      const { code, stderr } = await shell('"$1" schema print >/dev/full', runtime.program)
      t.is(code, 1)
      t.regex(stderr, /^sera: cannot write to stdout: .*ENOSPC.*\n$/)
    },
    'a closed pipe is no error': async t => {
      const { stdout, stderr } = await shell('"$1" schema print | :; echo $PIPESTATUS', runtime.program)
      t.is(`${stdout}${stderr}`, '0\n')
    },
  }
  for (const [title, run] of Object.entries(cases)) test(`${runtime.name}: ${title}`, run)
}
