import test from 'ava'
import { type CommandLine, splitCommandLine } from '../../src/cli/args/split-argv.js'
import { splitSubcommand } from '../../src/cli/args/split-subcommand.js'
import { systemClock } from '../../src/clock.js'
import { embeddedAnswer } from '../../src/commands/embedded.js'
import { SeraError } from '../../src/errors.js'
import { Home } from './home.js'

test('status prints a line, and with --json an object', async t => {
  const home = await Home.for(t, 'mariadb')
  const host = { env: home.env, clock: systemClock, descriptors: [] }
  t.is(
    await embeddedAnswer('status', { json: false, force: false }, host),
    `the embedded server is not running (${home.folder})\n`,
  )
  const status = JSON.parse(await embeddedAnswer('status', { json: true, force: false }, host))
  t.like(status, { state: 'stopped', folder: home.folder, socketPath: home.path('sera.sock'), idleMs: 600_000 })
})

for (const words of [[], ['restart'], ['toString'], ['start', '--force'], ['status', '--yaml'], ['stop', 'now']]) {
  test(`"embedded ${words.join(' ')}" is wrong usage`, t => {
    const split = () =>
      splitSubcommand(splitCommandLine(['embedded', ...words]) as CommandLine & { kind: 'subcommand' })
    t.is(t.throws<SeraError>(split, { instanceOf: SeraError })?.kind, 'usage')
  })
}
