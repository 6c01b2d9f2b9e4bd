import test from 'ava'
import { argumentOf } from '../../../src/cli/args/built-in.js'
import { runOptions } from '../../../src/cli/args/options.js'
import { completions, type WantedNames } from '../../../src/cli/completion/offers.js'
import { resolveSettings } from '../../../src/config/resolve.js'

/** The completions of these words, the last of which is incomplete, and the question to the server. */
async function after(...words: string[]) {
  let asked: WantedNames | undefined
  const ask = async (wanted: WantedNames) => {
    asked = wanted
    return ['wiki', 'web']
  }
  const offers = (await completions(['sera', ...words], ask)).split('\n').slice(0, -1)
  return { offers, asked }
}

test('the value of a flag is completed after a blank or an equals sign', async t => {
  t.deepEqual((await after('--engine', '')).offers, ['auto', 'get_lock', 'lease'])
  t.deepEqual((await after('--engine', 'le')).offers, ['lease'])
  t.deepEqual((await after('--engine=l')).offers, ['--engine=lease'])
  t.deepEqual((await after('rwlock', 'read', '--on-lost', 't')).offers, ['terminate'])
  t.deepEqual((await after('--lease', '')).offers, [], 'a time')
  t.deepEqual((await after('5', 'tail', '--engine', '')).offers, [], 'a flag of the command')
})

test('every completed value is valid', async t => {
  for (const engine of (await after('--engine', '')).offers) {
    const env = { SERA_SERVER: 'sera@tcp(db)/', SERA_ENGINE: engine }
    await t.notThrowsAsync(resolveSettings({ file: '/no/such/file', env }))
  }
  for (const format of (await after('serve', '--log-format', '')).offers) {
    t.notThrows(() => runOptions({ 'log-format': format }))
  }
})

test('kinds are completed, and then the names of that kind in use', async t => {
  t.deepEqual((await after('status', 'rw')).offers, ['rwlock'])
  for (const [words, kinds] of [
    [['status', 'mutex', 'w'], ['mutex']],
    [['break', 'sem', 'w'], ['semaphore']],
    [['rwlock', 'read', 'w'], ['rwlock']],
    [
      ['semaphore', 'w'],
      ['semaphore', 'counter'],
    ],
    [
      ['barrier', 'w'],
      ['barrier', 'double-barrier'],
    ],
    [['gate', 'open', 'w'], ['gate']],
    [['once', 'w'], ['once']],
    [['sync', 'w'], ['rendezvous']],
    [['--name', 'w'], ['mutex']],
  ] as const) {
    const { offers, asked } = await after(...words)
    t.deepEqual([offers, asked?.kinds], [['wiki', 'web'], kinds], words.join(' '))
  }
  t.deepEqual((await after('--config', 'f', 'gate', 'open', 'wi')).asked?.flags, ['--config=f'])
  t.deepEqual((await after('gate', 'open', 'wi')).offers, ['wiki'])
  t.deepEqual((await after('status', 'nosuch', '')).offers, [])
})

test('help, version and completion complete their arguments and refuse unknown ones', async t => {
  t.deepEqual((await after('completion', '')).offers, ['bash', 'zsh', 'fish'])
  t.true((await after('help', '')).offers.includes('rwlock'))
  t.deepEqual((await after('version', '')).offers, [])
  t.is(argumentOf('help', ['sem']), 'sem')
  t.throws(() => argumentOf('version', ['extra']), { message: 'unexpected word "extra"; usage: sera version [--json]' })
  t.throws(() => argumentOf('help', ['statsu']), { message: /^unknown subcommand "statsu"; did you mean "status"\?$/ })
  t.throws(() => argumentOf('completion', ['tcsh']), { message: /usage: sera completion \[bash\|zsh\|fish\]$/ })
  t.throws(() => argumentOf('completion', ['bash', 'zsh']), { message: /^unexpected word "zsh"/ })
})
