/** `sera break` removes exactly the claims that it shows. The holder notices, and the next waiter gets the lock. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { admin } from '../support/admin.js'
import { each } from '../support/each.js'
import type { Bench } from '../support/sera.js'
import { until } from '../support/until.js'
import { hold } from './held.js'

/** A lease that is renewed every five seconds, so a holder notices the break soon. */
const SHORT = ['--lease', '15s', '--grace', '1s']

const broken = async (bench: Bench, ...args: string[]) => await bench.sub(['break', '--yes', ...args]).ended()

const claims = async (bench: Bench, kind: string) => {
  const { stdout } = await bench.sub(['status', '--json', kind, bench.name]).ended()
  return JSON.parse(stdout).resources[0]?.claims ?? []
}

const waitsFor = async (bench: Bench, kind: string, count: number) =>
  await until(`${count} at ${kind}`, async () => {
    const found = await claims(bench, kind)
    return found.length === count && found
  })

each(
  'break: the holder’s command ends (206), the next waiter holds, and the token exposes a late write',
  async (t, bench) => {
    const words = [...SHORT, 'rwlock', 'write', bench.name, '60']
    const holder = await hold(bench, words).started()
    const next = hold(bench, words)
    await waitsFor(bench, 'rwlock', 2)
    const { code, stdout, stderr } = await broken(bench, 'rwlock', bench.name)
    t.deepEqual([code, stderr], [0, ''])
    t.regex(stdout, new RegExp(`^broke rwlock .*, held for \\d+s by \\S+ pid ${holder.sera.pid} \\(sh .*\\)\\n$`))
    await next.started()
    const token = holder.variable('SERA_TOKEN') ?? ''
    const verified = await bench.sub(['verify', 'rwlock', bench.name, token]).ended()
    t.like(verified, { code: 1 })
    t.regex(verified.stderr, /is not the newest/)
    t.is(await holder.sera.exited, 206)
    t.regex(await holder.sera.said(), /it is no longer in the lock tables \(its lease ran out, or it was broken\)/)
    t.deepEqual(holder.sera.family(), [])
    t.is(await next.end(), 0)
  },
)

each('break: of several holders it removes the chosen one or all, otherwise 208', async (t, bench) => {
  const words = [...SHORT, 'sem', bench.name, '3', '60']
  const [one, two, three] = [
    await hold(bench, words).started(),
    await hold(bench, words).started(),
    await hold(bench, words).started(),
  ]
  const held = await claims(bench, 'semaphore')
  const unclear = await broken(bench, 'semaphore', bench.name)
  t.like(unclear, { code: 208, stdout: '' })
  t.regex(
    unclear.stderr,
    /^sera: semaphore .* has 3 holders; choose one with --ticket, or use --all; tickets: \d+ \(.* pid \d+\), .*\n$/,
  )
  for (const { ticket } of held) t.true(unclear.stderr.includes(ticket))
  t.is((await claims(bench, 'semaphore')).length, 3)
  const told = await broken(bench, 'semaphore', bench.name, '--ticket', held[1].ticket, '--json')
  t.like(JSON.parse(told.stdout), {
    kind: 'semaphore',
    name: bench.name,
    forgotten: false,
    broken: [held[1].pid].map(pid => ({ pid })),
  })
  t.is(await two.sera.exited, 206)
  t.like(await broken(bench, 'semaphore', bench.name, '--ticket', held[1].ticket), { code: 208 })
  t.is((await broken(bench, 'semaphore', bench.name, '--all')).stdout.split('\n').length, 3)
  t.deepEqual(await Promise.all([one.sera.exited, three.sera.exited]), [206, 206])
})

each('break: a broken waiter at a barrier fails; one in a queue goes to the end', async (t, bench) => {
  const party = bench.sub(['br', bench.name, '3', '--wait', '60'])
  const [{ ticket }] = await waitsFor(bench, 'barrier', 1)
  t.like(await broken(bench, 'barrier', bench.name), { code: 208 })
  t.like(await broken(bench, 'barrier', bench.name, '--ticket', ticket), { code: 0 })
  t.is(await party.exited, 202)
  t.regex(await party.said(), /this participant's claim was broken \(sera break\); it no longer counts/)
  const holder = await hold(bench, ['rwlock', 'write', bench.name, '60']).started()
  const first = hold(bench, ['rwlock', 'write', bench.name, '60'])
  await waitsFor(bench, 'rwlock', 2)
  const second = hold(bench, ['rwlock', 'write', bench.name, '60'])
  const [, ahead, behind] = await waitsFor(bench, 'rwlock', 3)
  t.like(await broken(bench, 'rwlock', bench.name, '--ticket', ahead.ticket), { code: 0 })
  await until('it queues again', async () => (await claims(bench, 'rwlock'))[2]?.pid === ahead.pid)
  t.is((await claims(bench, 'rwlock'))[1].pid, behind.pid)
  await holder.end()
  await second.started()
  await second.end()
  await first.started()
  t.is(await first.end(), 0)
})

each(
  'break: the holder of a plain lock loses it also without waiters, and does not reclaim it',
  async (t, bench, server) => {
    const holder = await hold(bench, ['--engine', 'get_lock', '--name', bench.name, '60']).started()
    const { code, stdout } = await broken(bench, 'mutex', bench.name, '--json')
    t.is(code, 0)
    t.like(JSON.parse(stdout).broken[0], { state: 'granted' })
    t.is(await holder.sera.exited, 206)
    await using root = await admin(server)
    t.is(await root.holder(bench.lock), undefined)
    const again = await hold(bench, ['--engine', 'get_lock', '--name', bench.name, '60']).started()
    const next = hold(bench, ['--engine', 'get_lock', '--name', bench.name, '60'])
    await until('the next one waits', () => root.waitsFor(bench.lock))
    t.like(await broken(bench, 'mutex', bench.name), { code: 0 })
    t.is(await again.sera.exited, 206)
    await next.started()
    t.is(await next.end(), 0)
  },
)

each(
  'break: without the privilege to end a connection, the error names connection and privilege',
  async (t, bench, server) => {
    const account = `weak_${bench.name.includes('node') ? 'n' : 'b'}`
    await using root = await admin(server)
    await root.run(`CREATE USER ${account}@'%' IDENTIFIED BY 'secret'`)
    t.teardown(async () => {
      await using root = await admin(server)
      await root.run(`DROP USER ${account}@'%'`)
    })
    const holder = await hold(bench, ['--engine', 'get_lock', '--name', bench.name, '60']).started()
    const connection = await root.holder(bench.lock)
    const env = { SERA_SERVER: `${account}:secret@tcp(127.0.0.1:${server.port})/` }
    const { code, stdout, stderr } = await bench.sub(['break', '--yes', 'mutex', bench.name], { env }).ended()
    t.deepEqual([code, stdout], [208, ''])
    t.regex(
      stderr,
      new RegExp(`held by connection ${connection} of another account.* CONNECTION.ADMIN, .*KILL ${connection}\\n`),
    )
    t.is(await root.holder(bench.lock), connection)
    t.is(await holder.end(), 0)
  },
)

each('break: without a terminal it needs --yes, and reports to syslog and the outcome file', async (t, bench) => {
  const holder = await hold(bench, [...SHORT, 'rwlock', 'write', bench.name, '60']).started()
  const asked = await bench.sub(['break', 'rwlock', bench.name]).ended()
  t.like(asked, { code: 201, stdout: '' })
  t.regex(asked.stderr, /^sera: there is no terminal to ask on; use --yes .*\n$/)
  t.is((await claims(bench, 'rwlock')).length, 1)
  const file = join(bench.folder, 'outcome')
  t.is((await broken(bench, '--outcome-file', file, 'rwlock', bench.name)).code, 0)
  const told = JSON.parse(readFileSync(file, 'utf8'))
  t.like(told, { outcome: 'broke', exitCode: 0, lock: `rwlock/${bench.name}`, holder: { pid: holder.sera.pid } })
  t.deepEqual(told.command, ['sera', 'break', 'rwlock', bench.name])
  t.is(await holder.sera.exited, 206)
  t.false(existsSync(holder.file) && holder.sera.running)
})

each('break: without a claim it is a conflict, and a kind without holders is wrong usage', async (t, bench) => {
  for (const [args, code, message] of [
    [['rwlock', bench.name], 208, /rwlock .* has no holder/],
    [['mutex', bench.name, '--all'], 208, /mutex .* has no holder/],
    [['gate', 'maintenance'], 201, /a gate has no holder; to change it: sera gate open maintenance/],
    [['counter', 'tickets'], 201, /sera sem tickets <delta>/],
    [['wiki', 'x'], 201, /unknown <kind> "wiki"; use one of mutex, rwlock/],
    [['rwlock', ''], 201, /name is empty/],
    [['rwlock', 'x', '--ticket', 'first'], 201, /--ticket: expected a whole number/],
    [['rwlock', 'x', '--ticket', '5', '--all'], 201, /give one/],
  ] as const) {
    const result = await broken(bench, ...args)
    t.deepEqual([result.code, result.stdout], [code, ''], args.join(' '))
    t.regex(result.stderr, message)
    t.is(result.stderr.split('\n').length, 2)
  }
})

each('break: --all makes a once key forget its last run, if that is still the shown one', async (t, bench, server) => {
  await bench.sub(['gate', 'wait', bench.name]).exited // creates the tables
  await using root = await admin(server)
  await root.run(`INSERT INTO sera.sera_resource (kind, name, version, value, record)
    VALUES ('once', '${bench.name}', 5, ${Number.MAX_SAFE_INTEGER}, '{"failure":{"exitCode":7,"host":"web-1","finishedAt":5}}')`)
  const seen = async () => (await bench.sub(['status', 'once', bench.name]).ended()).stdout
  t.regex(await seen(), /last run: exit 7 on web-1, /)
  t.like(await broken(bench, 'once', bench.name), { code: 208 })
  const { code, stdout } = await broken(bench, 'once', bench.name, '--all')
  t.deepEqual([code, stdout], [0, `forgot the last run of once ${bench.name}\n`])
  t.regex(await seen(), /^no holders, no waiters/)
})

each('break: the process that breaks a plain lock is not taken for its holder', async (t, bench) => {
  const holder = await hold(bench, ['--name', bench.name, '60']).started()
  const first = bench.sub(['break', '--yes', 'mutex', bench.name])
  t.is(await holder.sera.exited, 206)
  t.is((await broken(bench, 'mutex', bench.name)).code, 208)
  t.is(await first.exited, 0)
})
