/** The subcommands as users run them, on both kinds of servers and both runtimes. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { admin } from '../support/admin.js'
import { each } from '../support/each.js'
import { until } from '../support/until.js'
import { hold } from './held.js'

each('rwlock: readers run together, a writer alone, and the exit code is the command’s', async (t, bench) => {
  const words = (mode: string, wait: string) => ['rwlock', mode, bench.name, wait]
  const one = await hold(bench, words('read', '30')).started()
  const two = await hold(bench, words('read', '30')).started()
  t.is(await bench.sub([...words('write', '0'), 'true']).exited, 204)
  const writer = hold(bench, words('write', '30'), { code: 7 })
  t.deepEqual(await Promise.all([one.end(), two.end()]), [0, 0])
  await writer.started()
  t.is(await bench.sub([...words('read', '0'), 'true']).exited, 204)
  t.is(await writer.end(), 7)
})

each('semaphore: as many commands run as there are permits, each with its own slot and token', async (t, bench) => {
  const words = ['sem', bench.name, '2', '30']
  const one = await hold(bench, words).started()
  const two = await hold(bench, words).started()
  t.is(await bench.sub(['sem', bench.name, '2', '0', 'true']).exited, 204)
  t.deepEqual([one.variable('SERA_SLOT'), two.variable('SERA_SLOT')], ['0', '1'])
  t.is(one.variable('SERA_LOCK'), `semaphore/${bench.name}`)
  t.true(Number(one.variable('SERA_TOKEN')) < Number(two.variable('SERA_TOKEN')))
  t.regex(one.variable('SERA_WAITED_MS') ?? '', /^\d+$/)
  await one.end()
  const three = await hold(bench, words).started()
  t.is(three.variable('SERA_SLOT'), '0')
  await Promise.all([two.end(), three.end()])
})

each('semaphore: --units takes several permits, and a different number of permits is a conflict', async (t, bench) => {
  const three = await hold(bench, ['sem', '--units', '3', bench.name, '4', '30']).started()
  t.is(await bench.sub(['sem', '--units', '2', bench.name, '4', '0', 'true']).exited, 204)
  t.is(await bench.sub(['sem', bench.name, '4', '0', 'true']).exited, 0)
  const { code, stderr } = await bench.sub(['sem', bench.name, '5', '0', 'true']).ended()
  t.is(code, 208)
  t.regex(stderr, /^sera: semaphore .*: in use with 4 permits, not 5; all participants must agree\n$/)
  await three.end()
})

each('counter: prints its value, and waits if the value is too low', async (t, bench) => {
  const count = async (...args: string[]) => await bench.sub(['sem', bench.name, ...args]).ended()
  t.like(await count('3'), { code: 0, stdout: '3\n', stderr: '' })
  t.like(await count('-2', '--json'), {
    stdout: `${JSON.stringify({ kind: 'counter', name: bench.name, value: 1 })}\n`,
  })
  t.like(await count('-2', '--wait', '0'), { code: 204, stdout: '', stderr: '' })
  const waiting = bench.sub(['sem', bench.name, '-2'])
  t.like(await count('+1'), { stdout: '2\n' })
  t.like(await waiting.ended(), { code: 0, stdout: '0\n' })
  t.like(await count('0'), { stdout: '0\n' })
})

each('counter: with verbose on stdout, stdout still has only the value', async (t, bench) => {
  const { stdout } = await bench
    .sub(['sem', bench.name, '1'], { env: { SERA_VERBOSE: 'true', SERA_NO_SUCH: '1' } })
    .ended()
  t.is(stdout, '1\n')
})

each('barrier: all go on when the last arrives, in each round', async (t, bench) => {
  for (const generation of [1, 2]) {
    const parties = [1, 2, 3].map(() => bench.sub(['barrier', bench.name, '3', '--json']))
    for (const party of parties) {
      const { code, stdout } = await party.ended()
      t.is(code, 0)
      const told = JSON.parse(stdout)
      t.deepEqual(told, { kind: 'barrier', name: bench.name, generation, waitedMs: told.waitedMs })
    }
  }
})

each('barrier: a different count is a conflict, and others are not affected', async (t, bench) => {
  const first = bench.sub(['br', bench.name, '2'])
  const odd = await until('the first is there, and expects another count', async () => {
    const result = await bench.sub(['br', bench.name, '3', '--wait', '0']).ended()
    return result.code !== 204 && result
  })
  t.is(odd.code, 208)
  t.regex(odd.stderr, /expect 2 parties, not 3/)
  t.is(await bench.sub(['br', bench.name, '2']).exited, 0)
  t.is(await first.exited, 0)
})

each('barrier: a time-out is 204, or the code of --timeout-exit-code', async (t, bench) => {
  t.like(await bench.sub(['br', bench.name, '2', '--wait', '300ms']).ended(), { code: 204, stdout: '', stderr: '' })
  t.is(await bench.sub(['br', '-E', '9', bench.name, '2', '--wait', '0']).exited, 9)
})

each('barrier: a tag counts once, also after its participant was killed and restarted', async (t, bench) => {
  const tagged = ['br', bench.name, '2', '--tag', 'web-1', '--lease', '60s']
  const first = bench.sub(tagged)
  const other = ['br', bench.name, '3', '--wait', '0']
  await until('the first has arrived', async () => (await bench.sub(other).exited) === 208)
  first.kill('SIGKILL')
  const again = bench.sub(tagged)
  t.is(await bench.sub(['br', bench.name, '2', '--tag', 'web-2']).exited, 0)
  t.is(await again.exited, 0)
})

each('barrier: with --single-use a late participant fails', async (t, bench) => {
  t.is(await bench.sub(['br', '--single-use', bench.name, '1']).exited, 0)
  const { code, stderr } = await bench.sub(['br', '--single-use', bench.name, '1']).ended()
  t.is(code, 208)
  t.regex(stderr, /this single-use barrier has already released its parties/)
})

each('gate: stays closed after the closing process ended, and one opening releases all waiters', async (t, bench) => {
  const gate = (action: string, ...flags: string[]) => bench.sub(['gate', action, bench.name, ...flags])
  t.is(await gate('wait').exited, 0)
  t.is(await gate('close').exited, 0)
  const { code, stderr } = await gate('close').ended()
  t.is(code, 208)
  t.regex(stderr, /the gate is already closed/)
  t.is(await gate('wait', '--wait', '0').exited, 204)
  const waiting = [gate('wait'), gate('wait', '--json')]
  t.deepEqual(await gate('open', '--json').ended(), {
    code: 0,
    stdout: `${JSON.stringify({ kind: 'gate', name: bench.name, state: 'open' })}\n`,
    stderr: '',
  })
  t.deepEqual(await Promise.all(waiting.map(({ exited }) => exited)), [0, 0])
  t.is(await gate('open').exited, 208)
})

each('gate: with --for it opens by itself', async (t, bench) => {
  t.is(await bench.sub(['gate', 'close', '--for', '2s', bench.name]).exited, 0)
  t.is(await bench.sub(['gate', 'wait', bench.name]).exited, 0)
  t.is(await bench.sub(['gate', 'open', bench.name]).exited, 208)
})

each(
  'double barrier: all commands run at the same time, and no sera leaves before the last has ended',
  async (t, bench) => {
    const words = ['barrier', bench.name, '2', '30']
    const one = hold(bench, words)
    t.false(one.running)
    const two = await hold(bench, words, { code: 3 }).started()
    await one.started()
    const first = one.end()
    t.is(
      await bench.sub(['barrier', bench.name, '2', '0', 'true']).exited,
      204,
      'a new participant waits for the next round',
    )
    t.true(one.sera.running, 'it waits for the other')
    t.is(await two.end(), 3)
    t.is(await first, 0)
  },
)

each('double barrier: --leave-wait limits the wait for the others (204)', async (t, bench) => {
  const one = hold(bench, ['barrier', '--leave-wait', '300ms', bench.name, '2', '30'])
  const two = await hold(bench, ['barrier', bench.name, '2', '30']).started()
  await one.started()
  t.is(await one.end(), 204)
  t.is(await two.end(), 0)
})

each('verify: 0 while a grant is the newest and held, 1 afterwards', async (t, bench) => {
  const one = await hold(bench, ['sem', bench.name, '2', '30']).started()
  const token = one.variable('SERA_TOKEN') ?? ''
  const verify = async (...flags: string[]) =>
    await bench.sub(['verify', ...flags, 'semaphore', bench.name, token]).ended()
  t.deepEqual(await verify(), { code: 0, stdout: '', stderr: '' })
  const two = await hold(bench, ['sem', bench.name, '2', '30']).started()
  t.like(await verify(), { code: 1, stderr: `sera: semaphore ${bench.name}: grant ${token} is not the newest\n` })
  await two.end()
  await one.end()
  t.deepEqual(await verify('-q'), { code: 1, stdout: '', stderr: '' })
  const { stdout } = await verify('--json', '-q')
  t.like(JSON.parse(stdout), { kind: 'semaphore', token, current: false, newest: false, held: false })
})

each('a nested sera that waits for a lock of its parent is 208 at once', async (t, bench) => {
  const { name, program } = bench
  const inside = (outer: string[], inner: string[]) => bench.sub([...outer, program, ...inner, 'echo', 'inner']).ended()
  for (const [outer, inner, code] of [
    [['rwlock', 'write', name, '5'], ['rwlock', 'write', name, 'forever'], 208],
    [['rwlock', 'read', name, '5'], ['rwlock', 'write', name, 'forever'], 208],
    [['rwlock', 'write', name, '5'], ['rwlock', 'read', name, 'forever'], 208],
    [['rwlock', 'read', name, '5'], ['rwlock', 'read', name, 'forever'], 0],
    [['sem', name, '1', '5'], ['sem', name, '1', 'forever'], 208],
    [['sem', name, '2', '5'], ['sem', name, '2', 'forever'], 0],
    [['sem', name, '2', '5'], ['rwlock', 'write', name, 'forever'], 0],
    [['br', name, '1', '5'], ['br', name, '1', 'forever'], 208],
    [['once', name, '5'], ['once', name, 'forever'], 208],
  ] as const) {
    const result = await inside([...outer], [...inner])
    t.is(result.code, code, `${outer.join(' ')} ${inner.join(' ')}: ${result.stderr}`)
    t.is(result.stdout, code === 0 ? 'inner\n' : '')
  }
})

each('a nested reader does not wait behind a writer that waits for the outer reader', async (t, bench) => {
  const read = ['rwlock', 'read', bench.name]
  const marks = ['outer', 'go'].map(name => join(bench.folder, name)) as [string, string]
  const script = ': >"$1"; until [ -e "$2" ]; do sleep 0.05; done; shift 2; "$@"'
  const inner = [bench.program, ...read, 'forever', 'echo', 'inner']
  const outer = bench.sub([...read, '30', 'sh', '-c', script, 'sh', ...marks, ...inner])
  await until('the outer reader reads', () => existsSync(marks[0]))
  const writer = bench.sub(['rwlock', 'write', bench.name, '60', 'true'])
  await until('the writer waits', async () => (await bench.sub([...read, '0', 'true']).exited) === 204)
  writeFileSync(marks[1], '')
  t.like(await outer.ended(), { code: 208, stdout: '' })
  t.is(await writer.exited, 0)
})

each('the outcome file names lock, token and holder', async (t, bench) => {
  const file = join(bench.folder, 'outcome')
  const words = ['--outcome-file', file, 'rwlock', 'write', bench.name]
  const told = () => JSON.parse(readFileSync(file, 'utf8'))
  t.is(await bench.sub([...words, '5', 'true']).exited, 0)
  t.like(told(), { outcome: 'ran', exitCode: 0, lock: `rwlock/${bench.name}`, waitMs: 5000 })
  t.regex(told().token, /^\d{16,}$/)
  const holder = await hold(bench, ['rwlock', 'write', bench.name, '5']).started()
  t.is(await bench.sub([...words, '0', 'true']).exited, 204)
  t.like(told(), { outcome: 'timed-out', exitCode: 204, waitMs: 0 })
  t.is(told().holder.pid, holder.sera.pid)
  await holder.end()
  t.is(await bench.sub(['--outcome-file', file, 'gate', 'wait', bench.name]).exited, 0)
  t.like(told(), { outcome: 'done', lock: `gate/${bench.name}`, waitMs: null })
})

each('any name is valid, and names differ by case and by kind', async (t, bench) => {
  for (const name of ['it\'s "quoted"', '🔒🚀', ' spaces ', '%', '\\', 'a;DROP TABLE x', 'x'.repeat(255)]) {
    const own = `${name}${name.length < 200 ? bench.name : ''}`
    t.is(await bench.sub(['sem', own, '1']).exited, 0, name)
  }
  const upper = await hold(bench, ['rwlock', 'write', `${bench.name} A`, '5']).started()
  t.is(await bench.sub(['rwlock', 'write', `${bench.name} a`, '0', 'true']).exited, 0)
  t.is(await bench.sub(['rwlock', 'write', `${bench.name} A `, '0', 'true']).exited, 0)
  t.is(await bench.sub(['sem', `${bench.name} A`, '1', '0', 'true']).exited, 0)
  await upper.end()
})

each('schema print: its SQL is all that the account needs', async (t, bench, server) => {
  const database = `dba_${bench.name.includes('binary') ? 'binary' : 'node'}`
  const env = { SERA_SERVER: server.dsn(database) }
  const { stdout } = await bench.sub(['schema', 'print'], { env }).ended()
  await using root = await admin(server)
  await root.run(stdout)
  t.teardown(async () => {
    await using root = await admin(server)
    await root.run(`DROP DATABASE ${database}`)
  })
  t.like(await bench.sub(['sem', bench.name, '1'], { env }).ended(), { code: 0, stdout: '1\n', stderr: '' })
})
