/** `sera status` shows holders and waiters correctly, as text and as JSON, and delays no lock. */
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { ExecutionContext } from 'ava'
import { lockName } from '../../src/lockname/lockname.js'
import { admin } from '../support/admin.js'
import { each } from '../support/each.js'
import type { Bench } from '../support/sera.js'
import { until } from '../support/until.js'
import { hold } from './held.js'

const isStatus = new Ajv2020().compile(JSON.parse(readFileSync('docs/status.schema.json', 'utf8')))

// biome-ignore lint/suspicious/noExplicitAny: JSON that the schema has checked
type ResourceObject = any

/** One resource of `sera status --json`; undefined if it is not there. */
async function look(
  t: ExecutionContext,
  bench: Bench,
  kind: string,
  name = bench.name,
): Promise<ResourceObject | undefined> {
  const { code, stdout, stderr } = await bench.sub(['status', '--json', kind, name]).ended()
  t.deepEqual([code, stderr], [0, ''])
  const told = JSON.parse(stdout)
  t.true(isStatus(told), JSON.stringify(isStatus.errors))
  return told.resources[0]
}

/** Waits until the resource passes the test. */
async function sees(
  t: ExecutionContext,
  bench: Bench,
  kind: string,
  fits: (seen: ResourceObject) => boolean,
): Promise<ResourceObject> {
  return await until(`${kind} as it should be`, async () => {
    const seen = await look(t, bench, kind)
    return seen && fits(seen) && seen
  })
}

const lines = async (bench: Bench, ...args: string[]) => {
  const { stdout } = await bench.sub(['status', ...args]).ended()
  return stdout.trimEnd().split('\n')
}

each('status: shows the writer and the queue, with token and lease', async (t, bench) => {
  const holder = await hold(bench, ['rwlock', 'write', bench.name, '60']).started()
  bench.sub(['rwlock', 'read', bench.name, '60', 'true'])
  await sees(t, bench, 'rwlock', ({ claims }) => claims.length === 2)
  bench.sub(['rwlock', 'write', bench.name, '60', 'true'])
  const seen = await sees(t, bench, 'rwlock', ({ claims }) => claims.length === 3)
  const [one, two, three] = seen.claims
  t.like(one, { state: 'granted', mode: 'write', pid: holder.sera.pid, token: holder.variable('SERA_TOKEN') })
  t.true(one.leaseLeftMs > 30_000 && one.leaseLeftMs <= 60_000 && !one.overdue)
  t.like(two, { state: 'waiting', mode: 'read', command: 'true' })
  t.like(three, { state: 'waiting', mode: 'write' })
  t.true(Number(two.ticket) < Number(three.ticket))
  const text = await lines(bench, 'rwlock', bench.name)
  for (const line of text) t.true(line.length <= 80, line)
  t.regex(text[0] ?? '', /^1 held, 2 waiting \(/)
  t.regex(text.join('\n'), /1 writer, 2 wait$/m)
  t.regex(text.join('\n'), new RegExp(`^  writes +\\d.* \\S+ pid ${holder.sera.pid} +sh .* lease \\d+s$`, 'm'))
  t.regex(text.join('\n'), new RegExp(`^ +token ${one.token}, ticket ${one.ticket}$`, 'm'))
  t.regex(text.join('\n'), /^ {2}1st read +\d.* true +lease \d+s$/m)
  t.regex(text.join('\n'), /^ {2}2nd write +\d/m)
  await holder.end()
})

each('status: shows permits and slots, missing participants, a gate, a counter', async (t, bench) => {
  const holder = await hold(bench, ['sem', '--units', '2', bench.name, '3', '60']).started()
  bench.sub(['br', '--tag', 'web-1', bench.name, '3', '--wait', '60'])
  await bench.sub(['gate', 'close', '--for', '2h', bench.name]).exited
  await bench.sub(['sem', bench.name, '7']).exited
  t.like(await look(t, bench, 'semaphore'), { permits: 3, claims: [{ state: 'granted', units: 2, slot: 0 }] })
  t.regex((await lines(bench, 'sem', bench.name)).join('\n'), /2 of 3 permits taken\n {2}slot 0 +\d.*2 units/)
  t.like(await sees(t, bench, 'barrier', () => true), { count: 3, missing: 2, claims: [{ tag: 'web-1' }] })
  t.regex((await lines(bench, 'br', bench.name)).join('\n'), /2 of 3 missing\n {2}waits +\d.*as web-1/)
  const gate = await look(t, bench, 'gate')
  t.like(gate, { state: 'closed', claims: [] })
  t.is(Math.round((Date.parse(gate.opensAt) - Date.parse(gate.closedSince)) / 1000), 7200)
  t.regex((await lines(bench, 'gate', bench.name)).join('\n'), /closed for [\d ms]+, opens in 1h 5\dm$/m)
  t.like(await look(t, bench, 'counter'), { value: 7, claims: [] })
  t.regex((await lines(bench, 'counter', bench.name)).join('\n'), /value 7$/m)
  await bench.sub(['gate', 'open', bench.name]).exited
  await bench.sub(['sem', bench.name, '-7']).exited
  t.is(await look(t, bench, 'gate'), undefined, 'an open gate is not shown')
  t.is(await look(t, bench, 'counter'), undefined)
  await holder.end()
})

each('status: finds a plain lock by its given name, with each engine', async (t, bench) => {
  const { name, lock } = bench
  const words = (engine: string) => ['--engine', engine, '--name', name, '60']
  const holder = await hold(bench, words('get_lock')).started()
  bench.sub([...words('get_lock'), 'true'])
  const seen = await sees(t, bench, 'mutex', ({ claims }) => claims.length === 2)
  t.like(seen, {
    engine: 'get_lock',
    name: lock,
    claims: [{ state: 'granted' }, { state: 'waiting', command: 'true' }],
  })
  await using root = await admin(
    JSON.parse(process.env.SERA_TEST_SERVERS ?? '[]').find(({ kind }: { kind: string }) => name.includes(kind)),
  )
  t.is(seen.claims[0].connection, await root.holder(lock))
  if (name.includes('mysql')) t.is(seen.claims[0].pid, holder.sera.pid, 'by its connection attributes')
  t.regex((await lines(bench, 'mutex', name)).join('\n'), new RegExp(`^mutex ${lock}  held, 1 waits, GET_LOCK$`, 'm'))
  await holder.end()
  const lease = await hold(bench, words('lease')).started()
  t.like(await look(t, bench, 'mutex'), { engine: 'lease', name: lock, claims: [{ pid: lease.sera.pid }] })
  t.is(lock, lockName([], { name }))
  await lease.end()
})

each('status: shows locks of all accounts, or says that the account cannot see them', async (t, bench, server) => {
  const account = `nobody_${bench.name.includes('node') ? 'n' : 'b'}`
  await using root = await admin(server)
  await root.run(`CREATE USER ${account}@'%' IDENTIFIED BY 'secret'`)
  t.teardown(async () => {
    await using root = await admin(server)
    await root.run(`DROP USER ${account}@'%'`)
  })
  const holder = await hold(bench, ['--name', bench.name, '60']).started()
  const ask = async (...words: string[]) => {
    const env = { SERA_SERVER: `${account}:secret@tcp(127.0.0.1:${server.port})/` }
    const { code, stdout, stderr } = await bench.sub(['status', '--json', ...words], { env }).ended()
    t.deepEqual([code, stderr], [0, ''])
    return JSON.parse(stdout)
  }
  const hidden = await ask()
  t.false(hidden.resources.some(({ name }: ResourceObject) => name === bench.lock))
  t.regex(hidden.unseen.join('\n'), /the DSN names no database/)
  t.regex(hidden.unseen.join('\n'), server.kind === 'mysql' ? /SELECT on performance_schema/ : /metadata_lock_info/)
  const known = (await ask('mutex', bench.name)).resources[0]
  t.is(known.claims[0].connection, await root.holder(bench.lock), 'with the name, the connection is known')
  if (server.kind === 'mysql') {
    await root.run(`GRANT SELECT ON performance_schema.* TO ${account}@'%'; GRANT PROCESS ON *.* TO ${account}@'%'`)
    const seen = await ask()
    t.notRegex(seen.unseen.join('\n'), /performance_schema/)
    const mine = seen.resources.find(({ name }: ResourceObject) => name === bench.lock)
    t.is(mine.claims[0].pid, holder.sera.pid)
  }
  await holder.end()
})

each('status: answers while a row is locked for long, and needs only SELECT', async (t, bench, server) => {
  const account = `reader_${bench.name.includes('node') ? 'n' : 'b'}`
  const holder = await hold(bench, ['rwlock', 'write', bench.name, '60']).started()
  await using root = await admin(server)
  await root.run(`CREATE USER ${account}@'%' IDENTIFIED BY 'secret'; GRANT SELECT ON sera.* TO ${account}@'%'`)
  t.teardown(async () => {
    await using root = await admin(server)
    await root.run(`DROP USER ${account}@'%'`)
  })
  const env = { SERA_SERVER: `${account}:secret@tcp(127.0.0.1:${server.port})/sera` }
  await root.run(`USE sera; START TRANSACTION; UPDATE sera_resource SET version = version + 1 WHERE name = '${bench.name}';
    UPDATE sera_claim SET renewals = renewals + 1 WHERE pid = ${holder.sera.pid}`)
  const { code, stdout } = await bench.sub(['status', 'rwlock', bench.name], { env }).ended()
  await root.run('ROLLBACK')
  t.is(code, 0)
  t.regex(stdout, /1 writer$/m)
  await holder.end()
})

each('status: creates no tables, and shows only locks of its namespace', async (t, bench, server) => {
  const database = `none_${bench.name.includes('node') ? 'n' : 'b'}`
  await using root = await admin(server)
  await root.run(`CREATE DATABASE ${database}; GRANT ALL ON ${database}.* TO sera@'%'`)
  t.teardown(async () => {
    await using root = await admin(server)
    await root.run(`DROP DATABASE ${database}`)
  })
  const env = { SERA_SERVER: server.dsn(database) }
  t.regex((await bench.sub(['status', 'gate'], { env }).ended()).stdout, /no lock tables in database none_/)
  t.is((await bench.sub(['break', '--yes', 'rwlock', 'x'], { env }).ended()).code, 208)
  t.like(await bench.sub(['history'], { env }).ended(), { code: 0, stdout: '' })
  const count = `SELECT IF(COUNT(*) = 0, 1, (SELECT 1 UNION SELECT 2)) FROM information_schema.TABLES`
  await t.notThrowsAsync(root.run(`${count} WHERE TABLE_SCHEMA = '${database}'`))
  for (const namespace of ['', 'blue', 'green']) {
    const own = { ...env, ...(namespace === '' ? {} : { SERA_NAMESPACE: namespace }) }
    if (namespace !== 'green') await bench.sub(['sem', `counter of ${namespace}`, '1'], { env: own }).exited
    const { stdout } = await bench.sub(['status', '--json', 'counter'], { env: own }).ended()
    const names = JSON.parse(stdout).resources.map(({ name }: ResourceObject) => name)
    t.deepEqual(names, namespace === 'green' ? [] : [`counter of ${namespace}`])
  }
})

each('status: an expired claim is marked, and does not count as held', async (t, bench, server) => {
  const holder = await hold(bench, ['--lease', '1h', 'rwlock', 'write', bench.name, '60']).started()
  await using root = await admin(server)
  await root.run(
    `UPDATE sera.sera_claim SET expires_at = UTC_TIMESTAMP(6) - INTERVAL 12 SECOND WHERE pid = ${holder.sera.pid}`,
  )
  t.like(await look(t, bench, 'rwlock'), { claims: [{ overdue: true }] })
  const shown = (await lines(bench, 'rwlock', bench.name)).join('\n')
  t.regex(shown, /^no holders, no waiters .*^rwlock .* {2}1 expired$.* expired \d+[ms]/ms)
  await holder.end()
})

each('status: text of others cannot control the terminal', async (t, bench) => {
  const evil = '\x1b]0;owned\x07\x1b[2J\u202egnp'
  const holder = hold(bench, ['rwlock', 'write', bench.name, '60', 'env', `X=${evil}`])
  await holder.started()
  const text = (await lines(bench, 'rwlock', bench.name)).join('\n')
  t.notRegex(text, /[^\P{Cc}\n]|\u202e/u)
  t.regex(text, /␛\]0;owned/)
  await holder.end()
})

each('status: a missing database is an error', async (t, bench, server) => {
  const env = { SERA_SERVER: server.dsn('no_such_database') }
  for (const args of [['status'], ['break', '--yes', 'rwlock', 'x']]) {
    const { code, stdout, stderr } = await bench.sub(args, { env }).ended()
    t.deepEqual([code, stdout], [202, ''])
    t.regex(stderr, /^sera: .*there is no database no_such_database .*\n$/)
  }
})
