/** Each outcome leaves an entry in the history, and writing it delays neither the command nor the next waiter. */
import type { ExecutionContext } from 'ava'
import type { HistoryEntry } from '../../src/store/tables/history.js'
import { database } from '../store/database.js'
import { each } from '../support/each.js'
import type { Bench } from '../support/sera.js'
import { type SharedServer, startServer } from '../support/servers.js'
import { until } from '../support/until.js'
import { hold } from './held.js'

/** sera with its own lock tables. */
async function scene(t: ExecutionContext, bench: Bench, server: SharedServer) {
  const db = await database(t, server)
  const env = { SERA_SERVER: await db.account('ALL') }
  const sera = (...words: string[]) => bench.sub(words, { env })
  return {
    ...db,
    env,
    waits: (mode: string | null = null) =>
      until('a client waits', async () => {
        const sql = `SELECT 1 FROM sera_claim WHERE state = 'waiting' AND mode <=> ?`
        return (await db.rows(sql, [mode])).length > 0
      }),
    sera,
    ends: async (...words: string[]) => await sera(...words).ended(),
    hold: (words: string[], code = 0) => hold(bench, words, { env, code }),
    history: async (...flags: string[]) => entriesIn((await sera('history', '--json', ...flags).ended()).stdout),
  }
}

function entriesIn(text: string): HistoryEntry[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))
}

const told = ({ kind, name, outcome, exitCode, command }: HistoryEntry) => ({ kind, name, outcome, exitCode, command })

each('history: every outcome leaves an entry, the newest last', async (t, bench, server) => {
  const { sera, ends, hold, history, root, waits } = await scene(t, bench, server)
  await ends('rwlock', 'write', 'a', '5', 'sh', '-c', 'exit 7')
  await ends('sem', 'b', '2', '5', 'no-such-program')
  await ends('sem', '--run-at-most', '100ms', 'b', '2', '5', 'sleep', '60')
  await ends('gate', 'close', 'c')
  await ends('gate', 'close', 'c')
  await ends('gate', 'wait', '--wait', '100ms', '-E', '75', 'c')
  const waiter = sera('gate', 'wait', 'c')
  await waits()
  waiter.kill('SIGTERM')
  await waiter.exited
  await ends('sem', 'd', '3')
  const held = await hold(['--engine', 'lease', '--name', 'e', '5']).started()
  const skips = sera('--engine', 'lease', '--name', 'e', '--wait-and-skip', '--detailed-exit-codes', '60', 'echo')
  await waits('pass')
  await held.end()
  await skips.exited
  const doomed = await hold(['rwlock', '--lease', '6s', '--grace', '1s', 'write', 'f', '5']).started()
  await root.query('DELETE FROM sera_claim')
  t.is(await doomed.sera.exited, 206)
  const entries = (await history()).map(told)
  const SCRIPT = 'sh -c env >"$1.env"; mv "$1.env" "$1"; while [ -e "$1" ]; do sleep 0.05; done; exit "$2" sh'
  const rest = (kind: string, name: string, outcome: string, exitCode: number, command: string) => ({
    kind,
    name,
    outcome,
    exitCode,
    command,
  })
  const atOneTime = ({ name }: { name: string }) => name === 'e'
  t.deepEqual(
    entries.filter(atOneTime).sort((one, other) => one.exitCode - other.exitCode),
    [rest('mutex', 'e', 'ran', 0, `${SCRIPT} ${held.file} 0`), rest('mutex', 'e', 'skipped', 205, 'echo')],
  )
  t.deepEqual(
    entries.filter(one => !atOneTime(one)),
    [
      rest('rwlock', 'a', 'ran', 7, 'sh -c exit 7'),
      rest('semaphore', 'b', 'not-started', 203, 'no-such-program'),
      rest('semaphore', 'b', 'overran', 207, 'sleep 60'),
      rest('gate', 'c', 'done', 0, 'sera gate close c'),
      rest('gate', 'c', 'conflict', 208, 'sera gate close c'),
      rest('gate', 'c', 'timed-out', 75, 'sera gate wait c'),
      rest('gate', 'c', 'interrupted', 143, 'sera gate wait c'),
      rest('counter', 'd', 'done', 0, 'sera sem d 3'),
      rest('rwlock', 'f', 'lost', 206, `${SCRIPT} ${doomed.file} 0`),
    ],
  )
})

each('history: an entry has user, host and times by the clock of the server', async (t, bench, server) => {
  const { hold, sera, history, rows, waits } = await scene(t, bench, server)
  const first = await hold(['rwlock', 'write', 'x', '5']).started()
  const second = sera('rwlock', 'write', 'x', '60', 'true')
  await waits('write')
  const [claim] = await rows(`SELECT token, host, pid, user, granted_at FROM sera_claim WHERE state = 'granted'`)
  await first.end()
  await second.exited
  const [one, two] = await history()
  const { granted_at: granted, ...owner } = claim as { granted_at: Date }
  t.like(one, { ...owner, token: String(claim?.token) } as never)
  t.true(Math.abs(Date.parse(one?.grantedAt ?? '') - granted.getTime()) < 500)
  for (const entry of [one, two] as HistoryEntry[]) {
    const [requested, started, ended] = [entry.requestedAt, entry.grantedAt ?? '', entry.releasedAt].map(Date.parse)
    t.true(requested! <= started! && started! <= ended!)
    t.true(Math.abs(started! - requested! - entry.waitedMs) <= 1)
    t.true(Math.abs(ended! - started! - (entry.ranMs ?? 0)) <= 1)
  }
  t.true((two?.waitedMs ?? 0) > 0 && Number(two?.token) > Number(one?.token))
  t.true(Date.parse(two?.grantedAt ?? '') >= Date.parse(one?.releasedAt ?? '') - 500)
})

each('history: a double barrier records also the wait after its command', async (t, bench, server) => {
  const { sera, hold, history } = await scene(t, bench, server)
  const slow = hold(['barrier', 'x', '2', '30'])
  const quick = sera('barrier', '--leave-wait', '100ms', 'x', '2', '30', 'true')
  await slow.started()
  t.is(await quick.exited, 204)
  await slow.end()
  t.deepEqual(
    (await history()).map(({ outcome, exitCode }) => [outcome, exitCode]),
    [
      ['timed-out', 204],
      ['ran', 0],
    ] as never,
  )
})

each(
  'history: a plain lock leaves entries only with the setting, and otherwise uses no tables',
  async (t, bench, server) => {
    const { env, rows, history, name } = await scene(t, bench, server)
    const plain = (history: Record<string, string>, ...flags: string[]) =>
      bench.sub([...flags, '--name', 'x', '5', 'sh', '-c', 'exit 3'], { env: { ...env, ...history } }).exited
    t.is(await plain({}), 3)
    t.deepEqual(await rows('SHOW TABLES'), [])
    t.is(await plain({ SERA_HISTORY: 'false' }, '--engine', 'lease'), 3)
    t.deepEqual(await rows('SELECT * FROM sera_history'), [])
    t.is(await plain({ SERA_HISTORY: 'true' }), 3)
    t.is(await plain({}, '--engine', 'lease'), 3)
    const [one, two] = await history()
    t.like(one, {
      kind: 'mutex',
      name: 'x',
      outcome: 'ran',
      exitCode: 3,
      token: null as never,
      command: 'sh -c exit 3',
    })
    t.like(two, { kind: 'mutex', name: 'x', outcome: 'ran', exitCode: 3 })
    t.truthy(two?.token)
    t.truthy(name)
  },
)

each('history: entries can be selected by name, outcome and time', async (t, bench, server) => {
  const { ends, history, root, env } = await scene(t, bench, server)
  for (const name of ['a', 'A', 'a ']) await ends('gate', 'open', name)
  for (const name of ['a', 'b']) await ends('sem', name, '1', '5', 'true')
  const names = async (...flags: string[]) => (await history(...flags)).map(({ kind, name }) => `${kind} ${name}`)
  t.deepEqual(await names('--name', 'a'), ['gate a', 'semaphore a'])
  t.deepEqual(await names('--outcome', 'ran'), ['semaphore a', 'semaphore b'])
  t.deepEqual(await names('--outcome', 'ran,conflict', '--limit', '3'), ['gate a ', 'semaphore a', 'semaphore b'])
  await root.query(`UPDATE sera_history SET released_at = '2026-01-02 03:04:05' WHERE kind = 'gate'`)
  t.deepEqual(await names('--since', '1h'), ['semaphore a', 'semaphore b'])
  t.is((await names('--since', '2026-01-02T03:04:05')).length, 5)
  t.is((await names('--since', '2026-01-02 03:04:06Z')).length, 2)
  t.is((await names('--since', '99999d')).length, 5)
  // one write in twenty deletes expired entries
  const elsewhere = { env: { ...env, SERA_NAMESPACE: 'staging', SERA_HISTORY: '99999d' } }
  t.is((await bench.sub(['gate', 'open', 'a'], elsewhere).ended()).code, 208)
  t.deepEqual(entriesIn((await bench.sub(['history', '--json'], elsewhere).ended()).stdout).map(told), [
    { kind: 'gate', name: 'a', outcome: 'conflict', exitCode: 208, command: 'sera gate open a' },
  ])
  t.is((await names()).length, 5)
})

each('history: a break leaves its own entry, and one for the broken claim', async (t, bench, server) => {
  const { ends, hold, history, rows } = await scene(t, bench, server)
  const held = await hold(['rwlock', 'write', 'x', '5']).started()
  const [claim] = await rows('SELECT token FROM sera_claim')
  const reason = 'hangs since noon'
  t.is((await ends('break', '--yes', '--reason', reason, 'rwlock', 'x')).code, 0)
  const [victim] = await history('--outcome', 'broken')
  const command = `sh -c env >"$1.env"; mv "$1.env" "$1"; while [ -e "$1" ]; do sleep 0.05; done; exit "$2" sh ${held.file} 0`
  t.like(victim, { outcome: 'broken', exitCode: 206, reason, pid: held.sera.pid, token: String(claim?.token), command })
  t.like((await history('--outcome', 'broke'))[0], { exitCode: 0, reason, command: 'sera break rwlock x' })
  const { stdout } = await ends('history', '--outcome', 'broken')
  t.regex(stdout, /broken .* \(reason: hangs since noon\)\n$/)
  t.is(await held.end(), 206)
  t.like((await history('--outcome', 'lost'))[0], { pid: held.sera.pid, reason: null as never })
})

each('history: a killed holder is recorded as abandoned when its claim is reaped', async (t, bench, server) => {
  const { ends, hold, history, rows } = await scene(t, bench, server)
  const held = await hold(['rwlock', '--lease', '4s', '--grace', '500ms', 'write', 'x', '5']).started()
  const [claim] = await rows('SELECT token FROM sera_claim')
  held.sera.kill('SIGKILL')
  t.is((await ends('rwlock', 'write', 'x', '60', 'true')).code, 0)
  const [gone, next, ...more] = await history()
  t.like(gone, { outcome: 'abandoned', exitCode: 206, pid: held.sera.pid, token: String(claim?.token) })
  t.like(next, { outcome: 'ran', command: 'true' })
  t.deepEqual(more, [])
})

each('history: the lock is released before the entry is written', async (t, bench, server) => {
  const { ends, root, rows } = await scene(t, bench, server)
  await ends('gate', 'open', 'first')
  await root.query('CREATE TABLE notes AS SELECT id FROM sera_claim')
  await root.query(`CREATE TRIGGER note BEFORE INSERT ON sera_history FOR EACH ROW INSERT INTO notes
    SELECT CONCAT(NEW.name, ' ', (SELECT COUNT(*) FROM sera_claim))`)
  for (const name of ['rwlock write a', 'semaphore b 2', 'barrier c 1', '--engine lease --name d']) {
    t.is((await ends(...name.split(' '), '5', 'true')).code, 0)
  }
  t.deepEqual(
    (await rows('SELECT id FROM notes')).map(({ id }) => id),
    ['a 0', 'b 0', 'c 0', 'd 0'],
  )
})

each.serial('history: a locked table delays the exit a little, and changes nothing else', async (t, bench, server) => {
  const { hold, ends, another } = await scene(t, bench, server)
  await ends('gate', 'open', 'first')
  const held = await hold(['rwlock', 'write', 'x', '5'], 7).started()
  await (await another()).query('LOCK TABLES sera_history WRITE')
  const started = performance.now()
  t.is(await held.end(), 7)
  t.true(performance.now() - started < 9000, 'a call may take ten seconds')
  const { stdout, stderr } = await ends('rwlock', 'write', 'x', '0', 'echo', 'ran')
  t.deepEqual({ stdout, stderr }, { stdout: 'ran\n', stderr: '' })
})

each('history: without the privilege to write it, commands run and sera warns once', async (t, bench, server) => {
  const { ends, env, root, name } = await scene(t, bench, server)
  await ends('gate', 'open', 'first')
  const user = env.SERA_SERVER.split(':')[0]
  await root.query(`REVOKE ALL ON ${name}.* FROM '${user}'@'%'`)
  for (const table of ['resource', 'claim', 'schema']) {
    await root.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${name}.sera_${table} TO '${user}'@'%'`)
  }
  t.like(await ends('rwlock', 'write', 'x', '5', 'sh', '-c', 'exit 7'), { code: 7, stdout: '', stderr: '' })
  const { code, stderr } = await ends('--verbose', 'rwlock', 'write', 'x', '5', 'sh', '-c', 'exit 7')
  t.is(code, 7)
  t.regex(stderr, /^sera: cannot write to the history: the lock tables at [^\n]*: the account may not use [^\n]*\n$/)
  const refused = await ends('history')
  t.is(refused.code, 202)
  t.regex(
    refused.stderr,
    /^sera: the lock tables at [^\n]*: the account may not use [^\n]*`sera schema print`[^\n]*\n$/,
  )
})

each.serial('history: a stopped server does not change the exit code', async (t, bench, { kind }) => {
  const server = await startServer({ kind })
  t.teardown(() => server.stop())
  const held = hold(bench, ['rwlock', 'write', 'x', '5'], { env: { SERA_SERVER: server.dsn() }, code: 7 })
  await held.started()
  await server.kill('SIGKILL')
  t.is(await held.end(), 7)
})
