/** The server freezes, disappears or dies while a command runs: the command ends before another client can have the lock. */
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { eachProxied } from '../support/each.js'
import { startFaultyProxy } from '../support/faulty-proxy.js'
import { Journal } from '../support/journal.js'
import { RUNTIMES } from '../support/runtimes.js'
import { bench, type SeraProcess } from '../support/sera.js'
import { sharedServers, startServer } from '../support/servers.js'
import { until } from '../support/until.js'

const LEASE_MS = 8000
const LEASE = ['--lease', '8s', '--grace', '1s']
/** One ends at TERM, the other has to be killed. */
const SCRIPTS = { heeding: 'sleep 1000', stubborn: `trap '' TERM; sleep 1000 & sleep 1001` }

interface RunningCommand {
  sera: SeraProcess
  /** On the clock of performance.now. */
  goneAt: Promise<number>
}

for (const { kind } of sharedServers()) {
  test.serial(`a stopped server (SIGSTOP): the command ends within the lease, 206 (${kind})`, async t => {
    await using server = await startServer({ kind })
    const running = await startAll(t, [server.dsn(), server.socketDsn()])
    await server.kill('SIGSTOP')
    await allLost(t, running, performance.now())
  })

  test.serial(`a killed server: the command ends within the lease, 206 (${kind})`, async t => {
    await using server = await startServer({ kind })
    const running = await startAll(t, [server.dsn()])
    await server.kill('SIGKILL')
    await allLost(t, running, performance.now())
  })

  test.serial(`a network that drops every packet: the command ends within the lease, 206 (${kind})`, async t => {
    await using server = await startServer({ kind })
    await using proxy = await startFaultyProxy(server.port)
    const running = await startAll(t, [proxy.dsn])
    proxy.dark = true
    await allLost(t, running, performance.now())
  })

  test.serial(`a connection closed at the server: the command ends within the lease, 206 (${kind})`, async t => {
    await using server = await startServer({ kind })
    await using proxy = await startFaultyProxy(server.port)
    const running = await startAll(t, [proxy.dsn])
    proxy.resetServers()
    await allLost(t, running, performance.now())
  })

  test.serial(`a server stopped and continued in time: the command runs on (${kind})`, async t => {
    await using server = await startServer({ kind })
    for (const runtime of RUNTIMES) {
      const { sera, folder } = bench(t, runtime, server.dsn())
      const journal = new Journal(folder)
      const run = sera([...LEASE, '--verbose', '5', ...journal.command({ who: 'it', script: 'sleep 7', exitCode: 7 })])
      await journal.seen('start', 'it')
      await sleep(2000)
      await server.kill('SIGSTOP') // with a heartbeat due in the meantime
      await sleep(2000)
      await server.kill('SIGCONT')
      t.is(await run.exited, 7)
      t.is(await run.said(), '')
    }
  })
}

eachProxied('a network with two seconds of delay: the command runs on', async (t, { sera, folder }, proxy) => {
  const journal = new Journal(folder)
  const run = sera([...LEASE, '--verbose', '5', ...journal.command({ who: 'it', script: 'sleep 9', exitCode: 7 })])
  await journal.seen('start', 'it')
  proxy.delayMs = 1000
  t.is(await run.exited, 7)
  t.is(await run.said(), '')
})

async function startAll(t: ExecutionContext, dsns: string[]): Promise<RunningCommand[]> {
  const starts = RUNTIMES.flatMap(runtime =>
    dsns.flatMap(dsn =>
      Object.values(SCRIPTS).map(async (script, number): Promise<RunningCommand> => {
        const { sera, folder } = bench(t, runtime, dsn)
        const journal = new Journal(folder)
        const own = ['--name', `${t.title}${runtime.name}${dsn}${number}`]
        const run = sera([...own, ...LEASE, '20', ...journal.command({ who: 'it', script })])
        await journal.seen('start', 'it')
        const gone = () => run.family().length === 0 && performance.now()
        return { sera: run, goneAt: until('the command gone', gone, { withinMs: 60_000, everyMs: 20 }) }
      }),
    ),
  )
  return await Promise.all(starts)
}

async function allLost(t: ExecutionContext, running: RunningCommand[], lastWordAt: number): Promise<void> {
  for (const { sera, goneAt } of running) {
    const tookMs = (await goneAt) - lastWordAt
    t.true(tookMs < LEASE_MS, `gone after ${tookMs} ms, the lease is ${LEASE_MS} ms`)
    t.is(await sera.exited, 206)
    t.true(performance.now() - lastWordAt < LEASE_MS + 5000, 'sera itself ends soon')
    t.regex(await sera.said(), /^sera: the lock was lost while the command ran, and the command was ended: .*\n$/)
  }
}
