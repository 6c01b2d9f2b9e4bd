/** `sera rendezvous` as users run it. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { each } from '../support/each.js'
import type { Bench, SeraOptions } from '../support/sera.js'
import { until } from '../support/until.js'
import { hold } from './held.js'

const sync = (bench: Bench, actor: string, args: readonly string[] = [], options?: SeraOptions) =>
  bench.sub(['sync', '--actor', actor, ...args, bench.name], options)

/** Waits until this actor waits. A probe that matches no participant finds it. */
const waits = (bench: Bench, actor: string) =>
  until(`${actor} waits`, async () => {
    const file = join(bench.folder, `probe-${actor}`)
    const args = ['--selector', 'no=body', '--wait', '0', '--outcome-file', file, '--verbose']
    const { stderr } = await sync(bench, 'probe', args).ended()
    return stderr.includes(`${actor} does not match`)
  })

each('matching participants meet, and each prints the same object on one line', async (t, bench) => {
  const web = sync(bench, 'web-1', ['--labels', 'role=web', '--selector', 'role=db', '--payload', 'http://web-1/ü'])
  await waits(bench, 'web-1')
  const file = join(bench.folder, 'payload')
  writeFileSync(file, '{"port": 5432}\n')
  const db = await sync(bench, 'db-1', ['--labels', 'role=db', '--json', '--payload', `@${file}`]).ended()
  const match = JSON.parse(db.stdout)
  t.deepEqual(db, { code: 0, stdout: `${JSON.stringify(match)}\n`, stderr: '' })
  t.deepEqual(match, {
    event: bench.name,
    match: match.match,
    members: [
      { actor: 'web-1', labels: { actor: 'web-1', role: 'web' }, payload: 'http://web-1/ü' },
      { actor: 'db-1', labels: { actor: 'db-1', role: 'db' }, payload: '{"port": 5432}\n' },
    ],
  })
  t.like(await web.ended(), { code: 0, stdout: db.stdout })
})

each('three roles meet when all are there, also with other waiters', async (t, bench) => {
  const role = (actor: string, name: string) =>
    sync(bench, actor, ['--mates', '2', '--labels', `role=${name}`, '--selector', `role!=${name}`])
  const surplus = role('web-1', 'web')
  await waits(bench, 'web-1')
  const web = role('web-2', 'web')
  await waits(bench, 'web-2')
  const [db, cache] = await Promise.all([role('db', 'db').ended(), role('cache', 'cache').ended()])
  t.is(db.stdout, cache.stdout)
  const met = JSON.parse(db.stdout).members.map(({ actor }: { actor: string }) => actor)
  t.is(met[0], 'web-1', 'the longest waiter')
  t.deepEqual(met.toSorted(), ['cache', 'db', 'web-1'])
  t.is(await surplus.exited, 0)
  t.true(web.running)
})

each('with a command, it runs and reads the participants from a temporary file', async (t, bench) => {
  const held = hold(bench, ['sync', '--actor', 'a', bench.name, '--'], { code: 7 })
  const other = await sync(bench, 'b').ended()
  await held.started()
  const path = held.variable('SERA_MATCH') ?? ''
  t.is(readFileSync(path, 'utf8'), other.stdout)
  t.is(statSync(path).mode & 0o777, 0o600)
  t.is(statSync(dirname(path)).mode & 0o777, 0o700)
  t.is(held.variable('SERA_LOCK'), `rendezvous/${bench.name}`)
  t.regex(held.variable('SERA_WAITED_MS') ?? '', /^\d+$/)
  t.is(held.variable('SERA_TOKEN'), undefined, 'nothing is held')
  t.like(await sync(bench, 'c', ['--wait', '0']).ended(), { code: 204 }, 'the event has no participants any more')
  t.is(await held.end(), 7)
  t.false(existsSync(dirname(path)))
  t.is(held.sera.stdout, '')
})

each('a command may go to the same event again', async (t, bench) => {
  const again = ['sh', '-c', `${bench.program} sync --actor inner "$1"`, 'sh', bench.name]
  const outer = bench.sub(['sync', '--actor', 'a', bench.name, '--', ...again])
  t.is(await sync(bench, 'b').exited, 0)
  t.is(await sync(bench, 'c').exited, 0)
  const { code, stdout } = await outer.ended()
  t.is(code, 0)
  t.deepEqual(
    JSON.parse(stdout)
      .members.map(({ actor }: { actor: string }) => actor)
      .toSorted(),
    ['c', 'inner'],
  )
})

each('the command is ended by --run-at-most, and by the guard when sera is killed', async (t, bench) => {
  const slow = bench.sub(['sync', '--run-at-most', '500ms', '--actor', 'a', bench.name, '--', 'sleep', '600'])
  const held = hold(bench, ['sync', '--actor', 'b', bench.name, '--'])
  t.is(await slow.exited, 207)
  await held.started()
  held.sera.kill('SIGKILL')
  await until('the command has ended', () => held.sera.family().length === 0)
})

each('signals reach the command', async (t, bench) => {
  const held = hold(bench, ['sync', '--actor', 'a', bench.name, '--'])
  t.is(await sync(bench, 'b').exited, 0)
  await held.started()
  held.sera.kill('SIGTERM')
  t.is(await held.sera.exited, 143)
})

each('a time-out is 204 and names the waiters and why they do not match', async (t, bench) => {
  const web = sync(bench, 'web-1', ['--labels', 'role=web', '--selector', 'role=db'])
  await waits(bench, 'web-1')
  const impatient = ['--mates', '2', '--wait', '300ms', '--selector', 'role=db']
  t.like(await sync(bench, 'web-2', impatient).ended(), { code: 204, stdout: '', stderr: '' })
  const { stderr } = await sync(bench, 'web-2', [...impatient, '--verbose']).ended()
  const told = 'waiting for 2 more that match role=db; web-1 does not match role=db'
  t.is(stderr, `sera: timed out after 300ms (rendezvous/${bench.name}, 1 of 3 here: ${told})\n`)
  t.is(await sync(bench, 'a', ['-E', '9', '--wait', '0', '--selector', 'x']).exited, 9)
  web.kill('SIGINT')
  t.is(await web.exited, 130)
  t.is(
    await sync(bench, 'db-1', ['--labels', 'role=db', '--wait', '0']).exited,
    204,
    'a participant that gave up is not matched',
  )
})

each('a participant that is matched after a signal starts no command', async (t, bench) => {
  const ran = join(bench.folder, 'ran')
  const waiting = bench.sub(['sync', '--actor', 'a', bench.name, '--', 'touch', ran])
  await waits(bench, 'a')
  // While it is stopped, it is matched and gets the signal. It notices both when it continues.
  waiting.kill('SIGSTOP')
  t.is(await sync(bench, 'b').exited, 0)
  waiting.kill('SIGTERM')
  waiting.kill('SIGCONT')
  t.is(await waiting.exited, 143)
  t.false(existsSync(ran))
})

each('without a command, a participant that is matched after a signal prints the match', async (t, bench) => {
  const waiting = sync(bench, 'a')
  await waits(bench, 'a')
  waiting.kill('SIGSTOP')
  const { stdout } = await sync(bench, 'b').ended()
  waiting.kill('SIGTERM')
  waiting.kill('SIGCONT')
  t.deepEqual(await waiting.ended(), { code: 0, stdout, stderr: '' })
})

each('a killed waiter is not matched after its lease has ended', async (t, bench) => {
  const gone = sync(bench, 'gone', ['--lease', '3s'])
  await waits(bench, 'gone')
  gone.kill('SIGKILL')
  await until('its lease has ended', async () => {
    const args = ['--wait', '0', '--verbose', '--selector', 'none']
    const { stderr } = await sync(bench, 'probe', args).ended()
    return /gone has not renewed its lease|waiting for one more[^;]*$/.test(stderr)
  })
  const late = sync(bench, 'late')
  t.is(await sync(bench, 'later').exited, 0)
  const { stdout } = await late.ended()
  t.deepEqual(
    JSON.parse(stdout)
      .members.map(({ actor }: { actor: string }) => actor)
      .toSorted(),
    ['late', 'later'],
  )
})

each('a payload comes from stdin, too', async (t, bench) => {
  const words = `printf 'a\\nb' | ${bench.program} sync --actor a --mates 0 --payload - x`
  const { stdout } = await bench.sub(['--name', bench.name, '5', 'sh', '-c', words]).ended()
  t.is(JSON.parse(stdout).members[0].payload, 'a\nb')
})
