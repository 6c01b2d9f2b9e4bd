import test from 'ava'
import { systemClock } from '../../src/clock.js'
import { embedded } from '../../src/commands/embedded.js'
import { SeraError } from '../../src/errors.js'
import { Home } from './home.js'

const USAGE = {
  instanceOf: SeraError,
  message: /usage: sera embedded start\|stop\|status \[--json\], stop \[--force\]$/,
}

test('status is a line for people and an object for programs', async t => {
  const home = await Home.for(t, 'mariadb')
  const host = { env: home.env, clock: systemClock, descriptors: [] }
  t.is(await embedded(['status'], host), `the embedded server does not run (${home.folder})\n`)
  const status = JSON.parse(await embedded(['status', '--json'], host))
  t.like(status, { state: 'stopped', folder: home.folder, socketPath: home.path('sera.sock'), idleMs: 600_000 })
})

for (const words of [[], ['restart'], ['toString'], ['start', '--force'], ['status', '--yaml'], ['stop', 'now']]) {
  test(`"embedded ${words.join(' ')}" is wrong usage`, async t => {
    const host = { env: { XDG_STATE_HOME: '/nowhere' }, clock: systemClock, descriptors: [] }
    t.is((await t.throwsAsync<SeraError>(embedded(words, host), USAGE))?.kind, 'usage')
  })
}
