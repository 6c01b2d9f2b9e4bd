import test from 'ava'
import { FLAGS } from '../../../src/cli/args/flags.js'
import { runOptions, settingFlags } from '../../../src/cli/args/options.js'

test('an option is named after its flag, and a time is in milliseconds', t => {
  const given = runOptions({ 'hold-at-least': '2s', 'single-use': true, listen: 'a:1,b:2', mates: '0' })
  t.like(given, { holdAtLeastMs: 2000, singleUse: true, mates: 0 })
  t.deepEqual(given.listen, ['a:1', 'b:2'])
})

test('a missing option has its default, or is undefined', t => {
  const none = runOptions({})
  t.like(none, { holdAtLeastMs: 0, singleUse: false, units: 1, limit: 100, logFormat: 'lanes' })
  t.deepEqual([none.waitMs, none.runAtMostMs], [undefined, Number.POSITIVE_INFINITY])
})

test('a wrong value is refused, and the error names the flag', t => {
  t.throws(() => runOptions({ 'run-at-most': '0' }), { message: /^--run-at-most must be longer than 0/ })
  t.throws(() => runOptions({ 'log-format': 'xml' }), { message: '--log-format must be lanes or json, not "xml"' })
  t.throws(() => runOptions({ tag: '' }), { message: '--tag is empty; is a variable unset?' })
})

test('each flag is an option or a setting, and settings use their own key', t => {
  t.deepEqual(settingFlags({ 'on-lost': 'ignore', verbose: true, yes: true }), { onLost: 'ignore', verbose: true })
  for (const flag of FLAGS) t.not('read' in flag, 'setting' in flag, flag.name)
})
