/**
 * The server disappears between the end of the command and its record. Then sera reports that the outcome is unknown,
 * or gets the run recorded. It never records a success that did not happen, and no recorded success is lost.
 */
import { join } from 'node:path'
import ava from 'ava'
import { hold } from '../e2e/held.js'
import { eachProxied } from '../support/each.js'
import type { AnswerFate } from '../support/faulty-proxy.js'
import { RUNTIMES } from '../support/runtimes.js'
import { bench as benchOn } from '../support/sera.js'
import { sharedServers, startServer } from '../support/servers.js'
import { until } from '../support/until.js'

const LEASE = ['--lease', '6s', '--grace', '500ms']
const UNKNOWN =
  /^sera: the command had ended with 0, but sera does not know if it is recorded: the lock tables at .*; if not, others run it again\n$/

/** The fate of the first COMMIT after the command's end. */
for (const fate of ['lost', 'unanswered', 'late'] as const satisfies AnswerFate[]) {
  eachProxied(`a COMMIT that is ${fate}: the run is recorded, once`, async (t, bench, proxy) => {
    const words = ['once', bench.name, '30']
    const runner = await hold(bench, [...LEASE, ...words]).started()
    let commits = 0
    proxy.fate = statement => (statement === 'COMMIT' && commits++ === 0 ? fate : 'pass')
    t.is(await runner.end(), 0)
    t.true(commits > 1, 'the record was tried again')
    t.like(await bench.sub([...words, 'echo', 'ran']).ended(), { code: 0, stdout: '' })
  })
}

eachProxied('cut off when the command ends: 206, and the next host runs', async (t, bench, proxy, server) => {
  const file = join(bench.folder, 'outcome')
  const words = ['once', bench.name, '30']
  const flags = [...LEASE, '--outcome-file', file]
  const runner = await hold(bench, [...flags, ...words]).started()
  proxy.dark = true
  t.is(await runner.end(), 206)
  t.regex(await runner.sera.said(), UNKNOWN)
  t.like(await bench.sub([...words, 'echo', 'ran'], { env: { SERA_SERVER: server.dsn() } }).ended(), {
    code: 0,
    stdout: 'ran\n',
  })
})

eachProxied('cut off after COMMIT: 206, and other hosts take over the success', async (t, bench, proxy, server) => {
  const words = ['once', bench.name, '30']
  const runner = await hold(bench, [...LEASE, ...words]).started()
  proxy.fate = statement => {
    if (statement !== 'COMMIT') return 'pass'
    setTimeout(() => {
      proxy.dark = true
    }, 0)
    return 'unanswered'
  }
  t.is(await runner.end(), 206)
  t.regex(await runner.sera.said(), UNKNOWN)
  t.like(await bench.sub([...words, 'echo', 'ran'], { env: { SERA_SERVER: server.dsn() } }).ended(), {
    code: 0,
    stdout: '',
  })
})

eachProxied('a signal ends the tries to record: 206', async (t, bench, proxy) => {
  const runner = await hold(bench, ['once', bench.name, '30']).started()
  let asked = false
  proxy.fate = statement => {
    asked ||= statement.startsWith('START TRANSACTION')
    return asked ? 'lost' : 'pass'
  }
  const ended = runner.end()
  await until('it tries to record', () => asked)
  runner.sera.kill('SIGTERM')
  t.is(await ended, 206)
  t.regex(
    await runner.sera.said(),
    /does not know if it is recorded: stopped by SIGTERM; if not, others run it again\n$/,
  )
})

for (const { kind } of sharedServers()) {
  ava.serial(`a server stopped when the command ends, then restarted: recorded, 0 (${kind})`, async t => {
    await using server = await startServer({ kind })
    for (const runtime of RUNTIMES) {
      const bench = benchOn(t, runtime, server.dsn())
      const words = ['once', `${bench.name} ${runtime.name}`, '30']
      const runner = await hold(bench, ['--lease', '60s', ...words]).started()
      await server.kill('SIGTERM')
      const ended = runner.end()
      await until('the command has ended', () => runner.sera.family().length === 0)
      await server.restart()
      t.is(await ended, 0)
      t.like(await bench.sub([...words, 'echo', 'ran']).ended(), { code: 0, stdout: '' })
    }
  })
}
