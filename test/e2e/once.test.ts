/** `sera once` as users run it: at most one success for a key, which all others take over. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '../../src/lib/connect.js'
import { admin } from '../support/admin.js'
import { each } from '../support/each.js'
import type { Bench } from '../support/sera.js'
import type { SharedServer } from '../support/servers.js'
import { until } from '../support/until.js'
import { hold } from './held.js'
import { round } from './once-rounds.js'

/** Short, but longer than a process takes to start on a busy machine. */
const SHORT = ['--lease', '8s', '--grace', '200ms']
const ROUNDS = 4

const words = ({ name }: Bench, wait = '30') => ['once', name, wait]
const WHEN = String.raw`pid \d+, started \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, \d+s ago\)`

/** Waits until this many claims wait at the key. */
async function waiting(server: SharedServer, key: string, count: number): Promise<void> {
  await using sera = await connect(server.dsn())
  await until(`${count} wait`, async () => {
    const found = await sera.once(key).contenders()
    return found.filter(({ state }) => state === 'waiting').length === count
  })
}

each.serial('of concurrent runs exactly one runs a command of 5 ms, in any order of arrival', async (t, bench) => {
  for (let n = 0; n < ROUNDS; n++) {
    t.deepEqual(await round(bench, `${bench.name} ${n}`), { codes: [0, 0, 0, 0, 0], runs: 1 })
  }
})

each('waiters and later runs take over a success, without a message in cron', async (t, bench, server) => {
  const runner = await hold(bench, words(bench)).started()
  t.is(runner.variable('SERA_LOCK'), `once/${bench.name}`)
  t.regex(runner.variable('SERA_TOKEN') ?? '', /^\d{16,}$/)
  t.is(await bench.sub(['verify', 'once', bench.name, runner.variable('SERA_TOKEN') ?? '']).exited, 0)
  t.deepEqual(await bench.sub([...words(bench, '0'), 'echo', 'ran']).ended(), { code: 204, stdout: '', stderr: '' })
  t.is(await bench.sub(['-E', '9', ...words(bench, '0'), 'true']).exited, 9)
  const waiter = bench.sub([...words(bench), 'echo', 'ran'])
  await waiting(server, bench.name, 1)
  t.is(await runner.end(), 0)
  t.deepEqual(await waiter.ended(), { code: 0, stdout: '', stderr: '' })
  const file = join(bench.folder, 'outcome')
  const late = await bench.sub(['--verbose', '--outcome-file', file, ...words(bench, '0'), 'echo', 'ran']).ended()
  t.like(late, { code: 0, stdout: '' })
  t.regex(late.stderr, new RegExp(`^sera: already done on \\S+ \\(${WHEN}; not run here\n$`))
  const told = JSON.parse(readFileSync(file, 'utf8'))
  t.like(told, { outcome: 'taken-over', exitCode: 0, lock: `once/${bench.name}` })
  t.false('token' in told)
})

each('waiters take over a failure with one line, and a later run runs again', async (t, bench, server) => {
  const runner = await hold(bench, words(bench), { code: 3 }).started()
  const waiters = [1, 2, 3].map(() => bench.sub(['-q', ...words(bench, 'forever'), 'echo', 'ran']))
  await waiting(server, bench.name, 3)
  t.is(await runner.end(), 3)
  for (const waiter of waiters) {
    const { code, stdout, stderr } = await waiter.ended()
    t.deepEqual({ code, stdout }, { code: 3, stdout: '' })
    t.regex(stderr, new RegExp(`^sera: already failed on \\S+ \\(exit 3, ${WHEN}; not retried here\n$`))
  }
  t.like(await bench.sub([...words(bench, '0'), 'echo', 'again']).ended(), { code: 0, stdout: 'again\n' })
  t.like(await bench.sub([...words(bench, '0'), 'echo', 'again']).ended(), { code: 0, stdout: '' })
})

each('a command that exceeds --run-at-most or dies of a signal has failed', async (t, bench, server) => {
  for (const [flags, script, code] of [
    [[], 'kill -USR1 $$', 138],
    [['--run-at-most', '500ms'], 'sleep 60', 207],
  ] as const) {
    const first = await hold(bench, words(bench)).started()
    const runner = bench.sub([...flags, ...words(bench, 'forever'), 'sh', '-c', script])
    await waiting(server, bench.name, 1)
    const waiter = bench.sub([...words(bench, 'forever'), 'echo', 'ran'])
    await waiting(server, bench.name, 2)
    first.sera.kill('SIGTERM') // its run must not count
    t.is(await runner.exited, code)
    t.like(await waiter.ended(), { code, stdout: '' })
  }
})

each('a killed sera records no success: its command is ended, and the next waiter runs', async (t, bench, server) => {
  const runner = await hold(bench, [...SHORT, ...words(bench)]).started()
  const next = hold(bench, words(bench))
  await waiting(server, bench.name, 1)
  runner.sera.kill('SIGKILL')
  await until('the command has ended', () => runner.sera.family().length === 0)
  await next.started()
  const last = bench.sub([...words(bench), 'echo', 'ran'])
  await waiting(server, bench.name, 1)
  t.is(await next.end(), 0)
  t.like(await last.ended(), { code: 0, stdout: '' })
})

each(
  'a run that a signal stopped does not count, with any exit code: the next waiter runs',
  async (t, bench, server) => {
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
      const script = 'trap "exit 0" TERM HUP; : >"$0"; while :; do sleep 0.05; done'
      const file = join(bench.folder, signal)
      const runner = bench.sub(['--verbose', ...words(bench), 'sh', '-c', script, file])
      await until('it runs', () => existsSync(file))
      const next = hold(bench, words(bench), { code: 5 })
      await waiting(server, bench.name, 1)
      runner.kill(signal)
      const { code, stderr } = await runner.ended()
      t.is(code, 0)
      t.regex(stderr, new RegExp(`sera: stopped by ${signal}; this run does not count\\n$`))
      await next.started()
      t.is(await next.end(), 5)
    }
  },
)

each('a command that cannot be started does not count: the next waiter tries', async (t, bench) => {
  for (let n = 0; n < 2; n++) t.is(await bench.sub([...words(bench), 'no-such-program']).exited, 203)
  t.is(await bench.sub([...words(bench), 'true']).exited, 0)
})

each('with --per it runs again after an old success, and --keep forgets one', async (t, bench, server) => {
  await using root = await admin(server)
  const name = `${Buffer.from(bench.name).toString('hex')}`
  const age = (ms: number) =>
    root.run(`UPDATE sera.sera_resource SET value = value - ${ms}000, record = JSON_SET(record, '$.success.startedAt',
      CAST(JSON_EXTRACT(record, '$.success.startedAt') - ${ms}000 AS SIGNED)) WHERE HEX(name) = '${name}'`)
  const run = async (...flags: string[]) => (await bench.sub([...flags, ...words(bench), 'echo', 'ran']).ended()).stdout
  t.is(await run('--per', '1h', '--keep', '2h'), 'ran\n')
  await age(3_500_000)
  t.is(await run('--per', '1h'), '')
  await age(100_000)
  t.is(await run(), '', 'without --per any success counts')
  t.is(await run('--per', '1h'), 'ran\n')
  t.is(await run('--per', '1h'), '')
  t.is(await run('--per', '1ms', '--keep', '2h'), 'ran\n')
  await age(7_200_000)
  t.is(await run(), 'ran\n')
})
