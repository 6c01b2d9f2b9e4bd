/** The lock's connection breaks while the command runs: sera reclaims a free lock, and otherwise ends the command. */
import { randomUUID } from 'node:crypto'
import type { ExecutionContext } from 'ava'
import { type Connection, createConnection } from 'mysql2/promise'
import { admin } from '../support/admin.js'
import { couples, each, eachOwn, eachProxied } from '../support/each.js'
import { startFaultyProxy } from '../support/faulty-proxy.js'
import { Journal } from '../support/journal.js'
import { RUNTIMES } from '../support/runtimes.js'
import { type Bench, bench } from '../support/sera.js'
import { type SharedServer, sharedServers, startServer } from '../support/servers.js'
import { test } from '../support/turns.js'
import { until } from '../support/until.js'

const LEASE = ['--lease', '20s', '--grace', '2s']
const RECLAIMED = /^sera: lock reclaimed after it was lost \(.*\); the command goes on\n$/
const LOST = /^sera: the lock was lost while the command ran, and the command was ended: .*\n$/

type Run = ReturnType<Bench['sera']>

/** A sera whose command has started. The command ends with 7 at `tell`. */
async function running(bench: Bench, options: { env?: Record<string, string> } = {}): Promise<Run> {
  const journal = new Journal(bench.folder)
  const command = journal.command({ who: 'it', script: bench.untilTold, exitCode: 7 })
  const run = bench.sera([...LEASE, '--verbose', '5', ...command], options)
  await journal.seen('start', 'it')
  return run
}

/** sera reclaims the lock, reports it once, and the command runs to its own end. */
async function goesOn(t: ExecutionContext, bench: Bench, run: Run): Promise<void> {
  await until('said', () => run.stderr !== '')
  bench.tell()
  t.is(await run.exited, 7)
  t.regex(await run.said(), RECLAIMED)
}

each('connection killed, no waiter: reclaimed, reported once, own exit code', async (t, bench, server) => {
  await using above = await admin(server)
  const run = await running(bench)
  const former = await above.holder(bench.lock)
  await above.kill(former ?? 0)
  const next = await until('another connection has it', async () => {
    const holder = await above.holder(bench.lock)
    return holder !== former && holder
  })
  t.not(next, former)
  await goesOn(t, bench, run)
  t.is(await above.holder(bench.lock), undefined)
})

each('after many reclaims the guard still ends the command', async (t, bench, server) => {
  await using above = await admin(server)
  const journal = new Journal(bench.folder)
  const sera = bench.sera([...LEASE, '5', ...journal.command({ who: 'it', script: 'sleep 1000' })])
  await journal.seen('start', 'it')
  for (let round = 0; round < 4; round++) {
    const former = await above.holder(bench.lock)
    await above.kill(former ?? 0)
    await until('reclaimed', async () => ![undefined, former].includes(await above.holder(bench.lock)))
  }
  const holder = await above.holder(bench.lock)
  sera.kill('SIGKILL')
  await until('the lock free', async () => (await above.holder(bench.lock)) !== holder)
  t.deepEqual(sera.family(), [])
  t.is(await sera.said(), '', 'no output without --verbose and without a terminal')
})

eachProxied(
  'kill -9 of sera before it learns of the reclaim: the lock outlives the command',
  async (t, bench, proxy, server) => {
    await using above = await admin(server)
    const journal = new Journal(bench.folder)
    const script = "trap '' TERM; while :; do sleep 0.1; done"
    const sera = bench.sera([...LEASE, '5', ...journal.command({ who: 'it', script })])
    await journal.seen('start', 'it')
    const former = await above.holder(bench.lock)
    proxy.fate = statement => {
      // the answer is lost
      if (statement.includes('GET_LOCK(')) setImmediate(() => Object.assign(proxy, { dark: true }))
      return 'pass'
    }
    await above.kill(former ?? 0)
    const holder = await until('granted', async () => {
      const holder = await above.holder(bench.lock)
      return holder !== former && holder
    })
    proxy.mend()
    sera.kill('SIGKILL')
    await until('the lock free', async () => (await above.holder(bench.lock)) !== holder)
    t.deepEqual(sera.family(), [])
  },
)

each('connection killed, a waiter: it gets the lock, the command is ended, 206', async (t, bench, server) => {
  await using above = await admin(server)
  const journal = new Journal(bench.folder)
  const sera = bench.sera([...LEASE, '5', 'sh', '-c', 'sleep 1000'])
  await until('locked', async () => (await above.holder(bench.lock)) !== undefined)
  const next = bench.sera([...LEASE, '60', ...journal.command({ who: 'next', script: bench.untilTold })])
  await until('another sera waits', async () => await above.waitsFor(bench.lock))
  await above.kill((await above.holder(bench.lock)) ?? 0)
  t.is(await sera.exited, 206)
  t.regex(await sera.said(), LOST)
  t.deepEqual(sera.family(), [])
  bench.tell()
  t.is(await next.exited, 0)
})

each('--on-lost terminate without a waiter: the command is ended, 206', async (t, bench, server) => {
  await using above = await admin(server)
  const journal = new Journal(bench.folder)
  const sera = bench.sera([
    ...LEASE,
    '--on-lost',
    'terminate',
    '5',
    ...journal.command({ who: 'it', script: 'sleep 1000' }),
  ])
  await journal.seen('start', 'it')
  await above.kill((await above.holder(bench.lock)) ?? 0)
  t.is(await sera.exited, 206)
  t.regex(await sera.said(), LOST)
  t.deepEqual(sera.family(), [])
})

each('--on-lost ignore: the command goes on, and the log says so', async (t, bench, server) => {
  await using above = await admin(server)
  const journal = new Journal(bench.folder)
  const command = journal.command({ who: 'it', script: 'sleep 9', exitCode: 7 })
  const sera = bench.sera(['--lease', '6s', '--grace', '1s', '--on-lost', 'ignore', '--verbose', '5', ...command])
  await journal.seen('start', 'it')
  await above.kill((await above.holder(bench.lock)) ?? 0)
  t.is(await sera.exited, 7)
  t.regex(await sera.said(), /^sera: lock lost \(.*\); the command goes on.*\n$/)
})

eachOwn('server restarted, no waiter: reclaimed, own exit code', async (t, bench, server) => {
  const journal = new Journal(bench.folder)
  const lease = ['--lease', '90s', '--grace', '2s'] // a restart takes its time
  const command = journal.command({ who: 'it', script: bench.untilTold, exitCode: 7 })
  const run = bench.sera([...lease, '--verbose', '5', ...command])
  await journal.seen('start', 'it')
  await server.restart()
  await until('said', () => run.stderr !== '', { withinMs: 60_000 })
  bench.tell()
  t.is(await run.exited, 7)
  t.regex(await run.said(), RECLAIMED)
})

/** User and password of an account with PROCESS, which sees all sessions. */
async function accountWithProcess(t: ExecutionContext, server: SharedServer, limits = ''): Promise<string> {
  await using above = await admin(server)
  const user = `p${randomUUID().slice(0, 8)}`
  await above.run(`CREATE USER '${user}'@'%' IDENTIFIED BY 'secret' ${limits}; GRANT PROCESS ON *.* TO '${user}'@'%'`)
  t.teardown(async () => {
    await using root = await admin(server)
    await root.run(`DROP USER IF EXISTS '${user}'@'%'`)
  })
  return `${user}:secret`
}

for (const [runtime, { kind }] of couples(RUNTIMES, sharedServers())) {
  test(`a moved address, another holder with the same number: it stays (${runtime.name}, ${kind})`, async t => {
    await using first = await startServer({ kind })
    await using second = await startServer({ kind })
    await using proxy = await startFaultyProxy(first.port)
    await using above = await admin(first)
    await using elsewhere = await admin(second)
    const { sera, folder, lock } = bench(t, runtime, `root@tcp(127.0.0.1:${proxy.port})/`)
    const journal = new Journal(folder)
    await above.run("CREATE USER 'root'@'%'; GRANT ALL ON *.* TO 'root'@'%'")
    await elsewhere.run("CREATE USER 'root'@'%'; GRANT ALL ON *.* TO 'root'@'%'")
    // the first server's connection numbers are ahead, so that the second can still reach the same number
    await connectionFrom(t, first, (await connectionFrom(t, second, 0)).threadId + 50)
    const run = sera([...LEASE, '5', ...journal.command({ who: 'it', script: 'sleep 1000' })])
    await journal.seen('start', 'it')
    const number = (await above.holder(lock)) as number
    const other = await connectionFrom(t, second, number)
    t.is(other.threadId, number)
    await other.query('SELECT GET_LOCK(?, 0)', [lock])
    proxy.move(second.port)
    proxy.resetClients()
    const isOver = async () => !run.running || (await elsewhere.holder(lock)) !== number
    await until('an end', isOver, { withinMs: 60_000 })
    t.is(await elsewhere.holder(lock), number, 'the other holder keeps its lock')
    t.is(await run.exited, 206)
  })
}

/** Opens the first session with at least this number; a server numbers sessions in order. */
async function connectionFrom(t: ExecutionContext, server: SharedServer, number: number): Promise<Connection> {
  for (;;) {
    const connection = await createConnection({ user: 'root', socketPath: server.socketPath })
    connection.on('error', () => {})
    t.teardown(() => connection.destroy())
    if (connection.threadId >= number) return connection
  }
}

eachProxied(
  'a reset unseen by the server, with PROCESS: reclaimed from the former session',
  async (t, bench, proxy, server) => {
    await using above = await admin(server)
    const account = await accountWithProcess(t, server)
    const env = { SERA_SERVER: `${account}@tcp(127.0.0.1:${proxy.port})/` }
    const run = await running(bench, { env })
    const ghost = await above.holder(bench.lock)
    proxy.resetClients()
    await until('reclaimed', async () => ![undefined, ghost].includes(await above.holder(bench.lock)))
    await goesOn(t, bench, run)
    t.is(await above.holder(bench.lock), undefined)
  },
)

eachProxied('a closed session frees the lock late, without PROCESS: reclaimed', async (t, bench, proxy, server) => {
  await using above = await admin(server)
  const run = await running(bench)
  const former = await above.holder(bench.lock)
  const before = proxy.commands.length
  proxy.resetClients()
  const asked = () => proxy.commands.at(before)?.length ?? 0
  await until('sera asks repeatedly', () => !run.running || asked() > 6)
  await above.kill(former ?? 0)
  await goesOn(t, bench, run)
})

eachProxied(
  'a session frees the lock before sera ends it, with PROCESS: reclaimed',
  async (t, bench, proxy, server) => {
    await using above = await admin(server)
    // the former session and the new one fill the limit: the connection that would end the former one has to wait
    const account = await accountWithProcess(t, server, 'WITH MAX_USER_CONNECTIONS 2')
    const env = { SERA_SERVER: `${account}@tcp(127.0.0.1:${proxy.port})/` }
    const run = await running(bench, { env })
    const former = await above.holder(bench.lock)
    const before = proxy.commands.length
    proxy.resetClients()
    await until('a third connection', () => !run.running || proxy.commands.length > before + 1)
    await above.kill(former ?? 0)
    await goesOn(t, bench, run)
  },
)

eachProxied(
  'a reset unseen by the server, a waiter of another account: commands never overlap',
  async (t, bench, proxy, server) => {
    await using above = await admin(server)
    const { sera, folder, lock } = bench
    const journal = new Journal(folder)
    const first = sera([
      ...LEASE,
      '5',
      ...journal.command({ who: 'first', script: "trap '' TERM; sleep 1000 & wait; wait" }),
    ])
    await journal.seen('start', 'first')
    const next = sera([...LEASE, '60', ...journal.command({ who: 'next', script: ':' })], {
      env: { SERA_SERVER: server.rootDsn() },
    })
    await until('another sera waits', () => above.waitsFor(lock))
    proxy.resetClients()
    t.is(await next.exited, 0)
    t.deepEqual(journal.all('overlap'), [])
    t.is(await first.exited, 206)
  },
)

eachProxied('a reset unseen by the server, a waiter: it gets the lock, 206', async (t, bench, proxy, server) => {
  await using above = await admin(server)
  const { sera, lock } = bench
  const first = sera([...LEASE, '5', 'sh', '-c', 'sleep 1000'])
  await until('locked', () => above.holder(lock))
  const next = sera([...LEASE, '60', 'sh', '-c', 'sleep 3; exit 7'], { env: { SERA_SERVER: server.dsn() } })
  await until('another sera waits', () => above.waitsFor(lock))
  proxy.resetClients()
  t.is(await next.exited, 7)
  t.is(await first.exited, 206)
  t.deepEqual(first.family(), [])
})

eachProxied('a command that ends during a reclaim keeps its exit code', async (t, bench, proxy) => {
  const { sera, folder, untilTold, tell } = bench
  const journal = new Journal(folder)
  const run = sera([...LEASE, '5', ...journal.command({ who: 'it', script: untilTold, exitCode: 7 })])
  await journal.seen('start', 'it')
  const connections = () => proxy.commands.length
  const before = connections()
  proxy.resetClients()
  proxy.dark = true
  await until('sera connects again', () => connections() > before)
  tell()
  await journal.seen('end', 'it')
  const endedAt = performance.now()
  t.is(await run.exited, 7)
  t.true(performance.now() - endedAt < 5000, 'it does not wait for the server')
})

eachProxied('a lock reclaimed after the deadline does not save the command: 206', async (t, bench, proxy, server) => {
  await using above = await admin(server)
  const { sera, folder, lock } = bench
  const journal = new Journal(folder)
  const command = journal.command({ who: 'it', script: `trap '' TERM; sleep 1000 & wait; sleep 1001` })
  const run = sera(['--lease', '14s', '--grace', '4500ms', '5', ...command])
  await journal.seen('start', 'it')
  proxy.delayMs = 1150 // the answer to GET_LOCK is the first to arrive too late
  await above.kill((await above.holder(lock)) ?? 0)
  t.is(await run.exited, 206)
  t.deepEqual(run.family(), [])
  await until('the lock free', async () => (await above.holder(lock)) === undefined)
})
