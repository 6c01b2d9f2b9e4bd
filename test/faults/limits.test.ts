/** The user's limits: how long to wait, to run, to hold. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { admin } from '../support/admin.js'
import { each } from '../support/each.js'
import { startFaultyProxy } from '../support/faulty-proxy.js'
import { Journal } from '../support/journal.js'
import { guardsOf } from '../support/processes.js'
import type { Bench, SeraProcess } from '../support/sera.js'
import type { SharedServer } from '../support/servers.js'
import { until } from '../support/until.js'

each('--run-at-most ends the command and all it started: 207', async (t, bench, server) => {
  await using above = await admin(server)
  const journal = new Journal(bench.folder)
  const script = `trap '' TERM; sleep 1000 & setsid sh -c 'sleep 1001; :' & sleep 1002`
  const limits = ['--run-at-most', '1s', '--grace', '1s']
  const sera = bench.sera([...limits, '5', ...journal.command({ who: 'it', script })])
  const next = bench.sera(['60', ...journal.command({ who: 'next', script: '' })])
  t.is(await sera.exited, 207)
  t.deepEqual(sera.family(), [])
  t.regex(await sera.said(), /^sera: the command was ended: it ran longer than 1s\n$/)
  t.is(await next.exited, 0)
  t.deepEqual(journal.all('overlap'), [])
  t.is(await above.holder(bench.lock), undefined)
})

each('--run-at-most does not affect a quicker command', async (t, bench) => {
  const sera = bench.sera(['--run-at-most', '60s', '5', 'sh', '-c', 'exit 9'])
  t.is(await sera.exited, 9)
  t.is(await sera.said(), '')
})

each('--hold-at-least keeps the lock after a quick command', async (t, bench, server) => {
  await using above = await admin(server)
  const journal = new Journal(bench.folder)
  const sera = bench.sera(['--hold-at-least', '1h', '5', ...journal.command({ who: 'it', script: '', exitCode: 9 })])
  await journal.seen('end', 'it')
  await until('only sera is left', () => sera.family().length === 0)
  t.is(await bench.sera(['0', 'true']).exited, 204)
  t.true(sera.running)
  sera.kill('SIGTERM')
  t.is(await sera.exited, 9)
  t.is(await above.holder(bench.lock), undefined)
})

each('--hold-at-least ends on time and not sooner', async (t, bench, server) => {
  await using above = await admin(server)
  const file = join(bench.folder, 'outcome')
  const sera = bench.sera(['--hold-at-least', '3s', '--outcome-file', file, '5', 'sh', '-c', 'exit 9'])
  t.is(await sera.exited, 9)
  const { ranMs } = JSON.parse(readFileSync(file, 'utf8'))
  t.true(ranMs >= 3000, `${ranMs} ms from the grant to the release`)
  t.is(await above.holder(bench.lock), undefined)
})

each('--hold-at-least keeps the lock beyond the lease, and TERM ends it early', async (t, bench, server) => {
  await using above = await admin(server)
  const settings = ['--hold-at-least', '1h', '--lease', '4s', '--grace', '500ms']
  const sera = bench.sera([...settings, '5', 'sh', '-c', 'exit 9'])
  const holder = await until('locked', () => above.holder(bench.lock))
  const since = performance.now()
  await until('twice a lease', async () => {
    t.is(await above.holder(bench.lock), holder)
    return performance.now() - since > 8000
  })
  sera.kill('SIGTERM')
  t.is(await sera.exited, 9)
  t.is(await above.holder(bench.lock), undefined)
})

each('--hold-at-least continues with a reclaimed lock; TERM to the command ends it', async (t, bench, server) => {
  await using above = await admin(server)
  const sera = bench.sera(['--hold-at-least', '1h', '5', 'sh', '-c', 'trap "exit 9" TERM; sleep 1000 & wait'])
  const first = await until('locked', () => above.holder(bench.lock))
  await above.kill(first)
  await until('reclaimed', async () => ![undefined, first].includes(await above.holder(bench.lock)))
  sera.kill('SIGTERM')
  t.is(await sera.exited, 9)

  const quick = bench.sera(['--hold-at-least', '1h', '5', 'sh', '-c', 'exit 8'])
  const second = await until('locked', () => above.holder(bench.lock))
  await until('only sera is left', () => quick.family().every(pid => guardsOf(quick.pid).includes(pid)))
  await above.kill(second)
  await until('reclaimed', async () => ![undefined, second].includes(await above.holder(bench.lock)))
  t.true(quick.running)
  quick.kill('SIGTERM')
  t.is(await quick.exited, 8)
})

each('a wait ends at its deadline, also where the server counts seconds', async (t, bench, server) => {
  await using above = await admin(server)
  const holder = bench.sera(['5', 'sleep', '1000'])
  await until('locked', () => above.holder(bench.lock))
  await until('a wait of 300 ms that takes less than 900', async () => {
    const ms = await waited(bench, '300ms')
    t.true(ms >= 300, String(ms))
    return ms < 900
  })
  const long = await waited(bench, '2')
  t.true(long >= 2000, String(long))
  t.true(holder.running)
})

each('a wait has one deadline, and a lock freed before it is granted', async (t, bench, server) => {
  await using above = await admin(server)
  const holder = bench.sera(['5', 'sleep', '1000'])
  await until('locked', () => above.holder(bench.lock))
  const waiter = bench.sera(['--lease', '5s', '--grace', '1s', '60', 'sh', '-c', 'exit 9'])
  await until('another sera waits', () => above.waitsFor(bench.lock))
  await sleep(4000) // longer than lease - grace - margin: a proof from before the wait is too old by then
  holder.kill('SIGTERM')
  t.is(await holder.exited, 143)
  t.is(await waiter.exited, 9, await waiter.said())
})

each('a server silent after a late grant: the wait ends, nothing runs', async (t, bench, server) => {
  const { waiter, journal } = await grantedAndSilent(bench, server)
  const code = await waiter.exited
  t.true([202, 204].includes(code), `${code}: ${await waiter.said()}`)
  t.deepEqual(journal.all('start'), [])
})

each('a server silent after a late grant: TERM ends the wait', async (t, bench, server) => {
  const { waiter, journal } = await grantedAndSilent(bench, server)
  waiter.kill('SIGTERM')
  t.is(await waiter.exited, 143)
  t.deepEqual(journal.all('start'), [])
})

/** A waiter that gets its lock after more than a third of its lease, and whose next statement never reaches the server. */
async function grantedAndSilent(
  bench: Bench,
  server: SharedServer,
): Promise<{ waiter: SeraProcess; journal: Journal }> {
  await using above = await admin(server)
  const proxy = await startFaultyProxy(server.port)
  const journal = new Journal(bench.folder)
  const holder = bench.sera(['5', 'sleep', '1000'])
  const former = await until('locked', () => above.holder(bench.lock))
  const env = { SERA_SERVER: proxy.dsn }
  const waiter = bench.sera(['--lease', '6s', '--grace', '1s', '12', ...journal.command({ who: 'it', script: '' })], {
    env,
  })
  await until('another sera waits', () => above.waitsFor(bench.lock))
  const said = () => proxy.commands.flat().length
  const before = said()
  await sleep(3000) // half of its lease
  proxy.muted = true
  holder.kill('SIGTERM')
  await until('granted, and the next statement sent', async () => {
    return said() > before && ![undefined, former].includes(await above.holder(bench.lock))
  })
  proxy.dark = true
  void waiter.exited.then(() => proxy[Symbol.asyncDispose]())
  return { waiter, journal }
}

/** How long sera reports to have waited without success, ms. */
async function waited(bench: Bench, wait: string): Promise<number> {
  const file = join(bench.folder, 'outcome')
  const sera = bench.sera(['--outcome-file', file, wait, 'true'])
  const code = await sera.exited
  if (code !== 204) throw new Error(`${code}: ${sera.stderr}`)
  return JSON.parse(readFileSync(file, 'utf8')).waitedMs
}
