import test from 'ava'
import { EXIT_CODES, exitCodeOf, exitCodeOfSignal, type Outcome } from '../src/outcome.js'

test('each of sera’s own outcomes has the exit code of the contract', t => {
  const codes = Object.fromEntries(Object.entries(EXIT_CODES).map(([kind, { code }]) => [kind, code]))
  t.deepEqual(codes, {
    stale: 1,
    sick: 1,
    unwritten: 1,
    config: 200,
    usage: 201,
    'lock-failed': 202,
    'not-started': 203,
    'timed-out': 204,
    skipped: 205,
    lost: 206,
    overran: 207,
    conflict: 208,
  })
  for (const kind of Object.keys(EXIT_CODES) as (keyof typeof EXIT_CODES)[]) {
    if (kind !== 'skipped') t.is(exitCodeOf({ kind, reason: '' } as Outcome), EXIT_CODES[kind].code)
  }
})

test('the command’s exit code is returned, even if sera uses the same number', t => {
  for (const exitCode of [0, 1, 143, 204, 255])
    t.is(exitCodeOf({ kind: 'ran', exitCode }, { timeoutExitCode: 9 }), exitCode)
})

test('a skip exits with 0, and with 205 for detailed exit codes', t => {
  t.is(exitCodeOf({ kind: 'skipped' }), 0)
  t.is(exitCodeOf({ kind: 'skipped' }, { detailedExitCodes: true }), 205)
})

test('the exit code of a time-out is configurable, including 0', t => {
  t.is(exitCodeOf({ kind: 'timed-out' }, { timeoutExitCode: 0 }), 0)
  t.is(exitCodeOf({ kind: 'timed-out' }, { timeoutExitCode: 75 }), 75)
})

test('the exit code of a signal is 128 and its number', t => {
  t.is(exitCodeOfSignal('SIGTERM'), 143)
  t.is(exitCodeOf({ kind: 'interrupted', signal: 'SIGINT' }), 130)
})
