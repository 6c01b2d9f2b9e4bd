/** kill -9 of sera, of its guard, of both: the lock outlives the command, and the command does not outlive the lock. */
import type { ExecutionContext } from 'ava'
import { admin } from '../support/admin.js'
import { eachPair } from '../support/each.js'
import { Journal } from '../support/journal.js'
import { guardsOf, isLeader, kill, processesOfSessions } from '../support/processes.js'
import type { SeraProcess } from '../support/sera.js'
import type { SharedServer } from '../support/servers.js'
import { until } from '../support/until.js'

const LEASE = ['--lease', '20s', '--grace', '1s']

/** A shell, its background process, and a session below it: all ignore TERM. */
const STUBBORN = `trap '' TERM
sleep 1000 &
setsid sh -c 'sleep 1001; :' &
sleep 1002`

eachPair('kill -9 of sera: the lock stays taken until the command ends', async (t, bench, server) => {
  const journal = new Journal(bench.folder)
  const sera = bench.sera([...LEASE, '0', ...journal.command({ who: 'first', script: STUBBORN })])
  await journal.seen('start', 'first')
  await until('all five processes', () => sera.family().length === 5)
  const next = bench.sera([...LEASE, '60', ...journal.command({ who: 'next', script: '' })])
  const guards = guardsOf(sera.pid)
  sera.kill('SIGKILL')
  const killedAt = performance.now()
  await releasedAfterFamily(t, sera, server, bench.lock)
  const tookMs = performance.now() - killedAt
  t.true(tookMs > 900, 'the grace was kept')
  t.true(tookMs < 10_000, `it took ${tookMs} ms`)
  t.is(await next.exited, 0)
  t.deepEqual(journal.all('overlap'), [])
  await until('the guard, its clock and its sleep have ended', () => processesOfSessions(guards).length === 0)
})

eachPair('kill -9 of sera: a command that handles TERM ends by its handler', async (t, bench, server) => {
  const journal = new Journal(bench.folder)
  const script = `trap 'note term; exit' TERM; sleep 1000 9>&- & wait`
  const sera = bench.sera([...LEASE, '0', ...journal.command({ who: 'it', script })])
  await journal.seen('start', 'it')
  sera.kill('SIGKILL')
  await releasedAfterFamily(t, sera, server, bench.lock)
  t.is(journal.all('term').length, 1)
})

eachPair('kill -9 of sera and guard: the command keeps the lock', async (t, bench, server) => {
  const journal = new Journal(bench.folder)
  const sera = bench.sera([...LEASE, '0', ...journal.command({ who: 'orphan', script: 'sleep 4' })])
  await journal.seen('start', 'orphan')
  sera.kill('SIGSTOP') // it must not see its guard die
  kill(guardsOf(sera.pid), 'SIGKILL')
  sera.kill('SIGKILL')
  await releasedAfterFamily(t, sera, server, bench.lock)
  t.is(journal.all('end').length, 1, 'the command was not ended')
})

eachPair('a killed guard is replaced, and the next one works', async (t, bench, server) => {
  const journal = new Journal(bench.folder)
  const sera = bench.sera([...LEASE, '0', ...journal.command({ who: 'it', script: STUBBORN })])
  await journal.seen('start', 'it')
  const [former] = guardsOf(sera.pid).filter(isLeader)
  kill([former ?? 0], 'SIGKILL')
  await until('another guard', () => guardsOf(sera.pid).some(pid => isLeader(pid) && pid !== former))
  t.true(sera.running)
  t.is(journal.all('end').length, 0)
  sera.kill('SIGKILL')
  await releasedAfterFamily(t, sera, server, bench.lock)
})

eachPair('kill -9 of sera while its command starts leaves no process', async (t, bench, server) => {
  for (let round = 0; round < 12; round++) {
    const sera = bench.sera([...LEASE, '10', 'sh', '-c', 'sleep 1000 & sleep 1001'])
    await until('the guard', () => guardsOf(sera.pid).length > 0, { everyMs: 1 })
    await new Promise(resolve => setTimeout(resolve, Math.random() * 12))
    const guards = guardsOf(sera.pid)
    sera.kill('SIGKILL')
    await releasedAfterFamily(t, sera, server, bench.lock)
    await until('the guard has ended', () => processesOfSessions(guards).length === 0)
    t.deepEqual(sera.family(), [])
  }
})

/** Watches the server until the lock is free: from then on no process of the command may run. */
async function releasedAfterFamily(
  t: ExecutionContext,
  sera: SeraProcess,
  server: SharedServer,
  lock: string,
): Promise<void> {
  await using above = await admin(server)
  await sera.exited
  let owner = await above.holder(lock)
  await until('the lock taken by another or free', async () => {
    const now = await above.holder(lock)
    const family = sera.family()
    if (now === owner && now !== undefined) return false
    owner = now
    t.deepEqual(family, [], 'the lock was freed while the command ran')
    return true
  })
  t.deepEqual(sera.family(), [])
}
