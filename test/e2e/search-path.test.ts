/** The command is found on PATH as execvp(3) finds it, on each runtime. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { each } from '../support/each.js'
import type { Bench } from '../support/sera.js'

/** Root can search every folder unless it drops the capabilities for it. */
const UNPRIVILEGED = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : []

/** Two folders with the program `tool`; the first is not searchable. */
function folders({ folder }: Bench) {
  const [locked, open] = ['locked', 'open'].map(name => join(folder, name)) as [string, string]
  for (const one of [locked, open]) {
    mkdirSync(one)
    writeFileSync(join(one, 'tool'), `#!/bin/sh\necho "from ${one}"\n`, { mode: 0o755 })
  }
  chmodSync(locked, 0)
  return { locked, open }
}

each('an unsearchable folder of PATH is skipped', async (t, bench) => {
  const { locked, open } = folders(bench)
  t.teardown(() => chmodSync(locked, 0o755))
  const PATH = `${locked}:${open}:${process.env.PATH}`
  const { code, stdout, stderr } = await bench.sera(['5', 'tool'], { prefix: UNPRIVILEGED, env: { PATH } }).ended()
  t.deepEqual({ code, stdout, stderr }, { code: 0, stdout: `from ${open}\n`, stderr: '' })
})

each('a program only in an unsearchable folder is 203 with the reason', async (t, bench) => {
  const { locked } = folders(bench)
  t.teardown(() => chmodSync(locked, 0o755))
  for (const program of ['tool', join(locked, 'tool')]) {
    const PATH = `${locked}:${process.env.PATH}`
    const { code, stderr } = await bench.sera(['5', program], { prefix: UNPRIVILEGED, env: { PATH } }).ended()
    t.is(code, 203)
    t.is(stderr, `sera: cannot start ${program}: ${locked}/tool is out of reach; permission denied on its folder\n`)
  }
})

each('a shell line in one word is 203, and the message says how to run it', async (t, bench) => {
  const { code, stdout, stderr } = await bench.sera(['5', "echo 'hi'; true"]).ended()
  t.deepEqual([code, stdout], [203, ''])
  const hint = "give a program and its arguments as separate words, or a shell line as sh -c '…'"
  t.is(stderr, `sera: cannot start echo 'hi'; true: not found on PATH; ${hint}\n`)
})
