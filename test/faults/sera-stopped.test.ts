/** SIGSTOP of sera, or a suspended machine: the guard works without sera. */
import { setTimeout as sleep } from 'node:timers/promises'
import { admin } from '../support/admin.js'
import { eachPair } from '../support/each.js'
import { Journal } from '../support/journal.js'
import { until } from '../support/until.js'

const LEASE = ['--lease', '8s', '--grace', '1s']

eachPair(
  'sera stopped beyond its lease: the guard ends the command before the next grant',
  async (t, bench, server) => {
    await using above = await admin(server)
    const journal = new Journal(bench.folder)
    const script = `trap '' TERM; sleep 1000 & wait; sleep 1001`
    const sera = bench.sera([...LEASE, '0', ...journal.command({ who: 'stopped', script })])
    await journal.seen('start', 'stopped')
    const next = bench.sera([...LEASE, '60', ...journal.command({ who: 'next', script: '' })])
    await until('another sera waits', () => above.waitsFor(bench.lock))
    sera.kill('SIGSTOP')
    const stoppedAt = performance.now()
    t.is(await next.exited, 0)
    const tookMs = performance.now() - stoppedAt
    t.true(tookMs < 8000 + 2000, `the lock was free after ${tookMs} ms`)
    t.deepEqual(sera.family(), [])
    t.deepEqual(journal.all('overlap'), [])
    sera.kill('SIGCONT')
    t.is(await sera.exited, 206)
    t.regex(await sera.said(), /^sera: the lock was lost while the command ran, and the command was ended: .*\n$/)
  },
)

eachPair('sera wakes while its guard ends the command: 206, lock kept', async (t, bench) => {
  const journal = new Journal(bench.folder)
  // the direct child ends a second after TERM; the process it started ignores TERM and lives for the whole grace
  const script = `(trap '' TERM; sleep 1000 & wait; sleep 1001) & trap 'note term; sleep 1 9>&-; exit 7' TERM; wait`
  const sera = bench.sera(['--lease', '12s', '--grace', '4s', '0', ...journal.command({ who: 'woken', script })])
  await journal.seen('start', 'woken')
  const next = bench.sera([...LEASE, '60', ...journal.command({ who: 'next', script: '' })])
  sera.kill('SIGSTOP')
  await journal.seen('term', 'woken')
  sera.kill('SIGCONT')
  t.is(await sera.exited, 206)
  t.deepEqual(sera.family(), [])
  t.is(await next.exited, 0)
  t.deepEqual(journal.all('overlap'), [])
})

eachPair('sera stopped for less than a third of its lease loses nothing', async (t, bench) => {
  const journal = new Journal(bench.folder)
  const sera = bench.sera([...LEASE, '0', ...journal.command({ who: 'it', script: 'sleep 12', exitCode: 7 })])
  await journal.seen('start', 'it')
  for (let round = 0; round < 3; round++) {
    sera.kill('SIGSTOP')
    await sleep(2000)
    sera.kill('SIGCONT')
    await sleep(1500)
  }
  t.is(await sera.exited, 7)
  t.is(await sera.said(), '')
})
