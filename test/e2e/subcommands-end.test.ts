/** Subcommands that are ended: by a signal during the wait, or by a kill of the holder. */
import { each } from '../support/each.js'
import { until } from '../support/until.js'
import { hold } from './held.js'

/** Short, but longer than a process takes to start on a busy machine. */
const SHORT = ['--lease', '8s', '--grace', '200ms']

each('TERM ends a wait with 143, no command runs, and the claim leaves the queue', async (t, bench) => {
  const holder = await hold(bench, ['rwlock', 'read', bench.name, '30']).started()
  const writer = bench.sub(['rwlock', 'write', bench.name, 'forever', 'echo', 'ran'])
  const reader = ['rwlock', 'read', bench.name, '0', 'true']
  await until('the writer waits', async () => (await bench.sub(reader).exited) === 204)
  writer.kill('SIGTERM')
  t.deepEqual(await writer.ended(), { code: 143, stdout: '', stderr: '' })
  t.is(await bench.sub(reader).exited, 0, 'no writer is ahead any more')
  await holder.end()
})

each('INT ends a wait without a command with 130', async (t, bench) => {
  const waiting = bench.sub(['barrier', bench.name, '2'])
  await until('it waits', async () => (await bench.sub(['barrier', bench.name, '3', '--wait', '0']).exited) === 208)
  waiting.kill('SIGINT')
  t.is(await waiting.exited, 130)
  t.is(await bench.sub(['barrier', bench.name, '3', '--wait', '0']).exited, 204, 'it no longer counts')
})

each('killed holder: its command is ended, and others get the lock after its lease', async (t, bench) => {
  const holder = await hold(bench, [...SHORT, 'sem', bench.name, '1', '30']).started()
  const next = hold(bench, ['sem', bench.name, '1', '30'])
  const { sera } = holder
  sera.kill('SIGKILL')
  await until('the command has ended', () => sera.family().length === 0)
  await next.started()
  t.true(Number(next.variable('SERA_TOKEN')) > 0)
  t.is(await next.end(), 0)
})

each('a participant killed at a barrier does not count after its lease', async (t, bench) => {
  const gone = bench.sub(['--lease', '3s', 'barrier', bench.name, '2'])
  const disagrees = async () => await bench.sub(['barrier', bench.name, '3', '--wait', '0']).exited
  await until('it waits', async () => (await disagrees()) === 208)
  gone.kill('SIGKILL')
  await until('its lease is over', async () => (await disagrees()) === 204)
  const env = { SERA_MAX_CLOCK_SKEW: '0' }
  t.is(await bench.sub(['barrier', bench.name, '2', '--wait', '0'], { env }).exited, 204)
})

each('a double barrier does not wait for dead participants', async (t, bench) => {
  const words = [...SHORT, 'barrier', bench.name, '2', '30']
  const one = hold(bench, words)
  const two = await hold(bench, words).started()
  await one.started()
  two.sera.kill('SIGKILL')
  t.is(await one.end(), 0)
})

each('an unreachable server is 202 for each subcommand, in one line without a password', async (t, bench) => {
  const env = { SERA_SERVER: 'sera:secret@tcp(127.0.0.1:1)/sera', SERA_CONNECT_WAIT: '0' }
  for (const words of [
    ['rwlock', 'read', 'x', '0', 'echo', 'ran'],
    ['sem', 'x', '1'],
    ['barrier', 'x', '2'],
    ['gate', 'close', 'x'],
    ['verify', 'rwlock', 'x', '5'],
  ]) {
    const { code, stdout, stderr } = await bench.sub(words, { env }).ended()
    t.deepEqual([code, stdout], [202, ''], words.join(' '))
    t.regex(stderr, /^sera: [^\n]+refused[^\n]+\n$/)
    t.notRegex(stderr, /secret/)
  }
})

each('TERM ends a run that retries to reach the server', async (t, bench) => {
  const waiting = bench.sub(['barrier', bench.name, '2'], { env: { SERA_SERVER: 'sera@tcp(127.0.0.1:1)/sera' } })
  await until('it listens to signals', () => waiting.pid > 0 && waiting.running)
  const exited = waiting.exited
  const timer = setInterval(() => waiting.kill('SIGTERM'), 200)
  t.is(await exited, 143)
  clearInterval(timer)
})
