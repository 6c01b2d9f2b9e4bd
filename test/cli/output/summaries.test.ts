import test from 'ava'
import type { ClaimWithOwner } from '../../../src/claims/model.js'
import { progressText } from '../../../src/cli/output/progress-line.js'
import {
  barrierSummary,
  departureSummary,
  doubleBarrierSummary,
  holderSummary,
  queueSummary,
} from '../../../src/cli/output/queue-summary.js'
import { rendezvousSummary } from '../../../src/cli/output/rendezvous-summary.js'
import { auditFields, outcomeLine, type Report, severityOf } from '../../../src/cli/output/report.js'
import { formatLine } from '../../../src/log/line.js'

const report: Report = {
  outcome: { kind: 'timed-out' },
  exitCode: 204,
  lock: '5373fa7de6f7dd54052abf86b3a53da4',
  command: ['migrate.sh', '--all'],
  waitMs: 90_000,
  waitedMs: 90_012,
  holder: { host: 'web-2', pid: 4312, command: undefined },
}

test('the audit line matches the documentation', t => {
  t.is(
    formatLine(auditFields(report)),
    'outcome=timed-out lock=5373fa7de6f7dd54052abf86b3a53da4 exit=204 wait=90 waited=90.0 holder="web-2 pid 4312" command="migrate.sh --all"',
  )
})

test('an endless wait is `forever` in the log and null in JSON', t => {
  const endless = { ...report, waitMs: Number.POSITIVE_INFINITY }
  t.is(auditFields(endless).wait, 'forever')
  t.is(JSON.parse(outcomeLine(endless)).waitMs, null)
})

test('the outcome file is one line of JSON with the reason', t => {
  const line = outcomeLine({ outcome: { kind: 'lost', reason: 'a\nb' }, exitCode: 206, command: ['x'], ranMs: 5 })
  t.is(line.indexOf('\n'), line.length - 1)
  t.deepEqual(JSON.parse(line), { outcome: 'lost', reason: 'a\nb', exitCode: 206, command: ['x'], ranMs: 5 })
})

test('failures are errors, a time-out is a warning, a success is info', t => {
  t.is(severityOf({ kind: 'lock-failed', reason: '' }), 'error')
  t.is(severityOf({ kind: 'timed-out' }), 'warning')
  t.is(severityOf({ kind: 'ran', exitCode: 1 }), 'info')
  t.is(severityOf({ kind: 'skipped' }), 'info')
})

test('the progress line shows the lock, the time left, and the holder', async t => {
  const awaited = { what: 'for migrate.sh', until: 40_000, ask: async () => undefined }
  const holder = { connection: 7, host: 'web-2', pid: 4312, command: 'migrate.sh' }
  const summary = await holderSummary({ holder: async () => holder }, { now: () => 1000 })()
  t.is(
    progressText(awaited, summary, 10_500),
    'sera: waiting for migrate.sh (30s left), held for 9s+ by web-2 pid 4312 (migrate.sh)',
  )
  t.is(progressText({ ...awaited, until: Number.POSITIVE_INFINITY }, undefined, 10_500), 'sera: waiting for migrate.sh')
})

const one = (more: Partial<ClaimWithOwner>) =>
  ({ state: 'waiting', host: 'web-1', pid: 7, command: 'x.sh', ...more }) as ClaimWithOwner
const mine = one({ id: 'mine', sinceMs: 1000 })

test('the summary of a lock shows the place in the queue and the longest holder', t => {
  const held = [one({ state: 'granted', sinceMs: 3000 }), one({ state: 'granted', host: 'web-2', sinceMs: 9000 })]
  t.is(queueSummary([...held, mine], 'mine', 0)(500), 'next, held for 9s by web-2 pid 7 (x.sh) and 1 more')
  t.is(
    queueSummary([...held, one({}), one({}), mine], 'mine', 0)(2000),
    '3rd in queue, held for 11s by web-2 pid 7 (x.sh) and 1 more',
  )
  const many = Array.from({ length: 111 }, () => one({}))
  t.is(queueSummary([...many.slice(1), mine], 'mine', 0)(0), '111th in queue')
  t.is(queueSummary([...many, ...many.slice(10), mine], 'mine', 0)(0), '213th in queue')
  t.is(queueSummary([], 'mine', 0)(0), '')
})

test('the summary of a barrier shows how many are missing, and which have arrived', t => {
  const others = [one({ tag: 'db' }), one({ pid: 8 }), one({ pid: 9 }), one({ pid: 10 })]
  t.is(
    barrierSummary(7)([...others, mine], 'mine', 0)(0),
    '2 of 7 missing, arrived: db, web-1 pid 8, web-1 pid 9 and 1 more',
  )
  t.is(barrierSummary(3)([mine], 'mine', 0)(0), '2 of 3 missing, no other has arrived')
  const running = [one({ state: 'granted', sinceMs: 4000, generation: 3 }), one({ state: 'leaving', generation: 3 })]
  t.is(doubleBarrierSummary(3)([...running, mine], 'mine', 0)(1000), 'a round has been running for 5s: web-1 pid 7')
  t.is(departureSummary(3)([...running, mine], 'mine', 0)(0), 'still running: web-1 pid 7')
  t.is(departureSummary(2)([...running, mine], 'mine', 0)(0), 'all have finished')
})

test('the summary of a rendezvous shows who matches, and why others do not', t => {
  const guest = (tag: string, labels: string, selector = '', more: Partial<ClaimWithOwner> = {}) =>
    one({ tag, labels: `actor=${tag},${labels}`, selector, units: 1, overdueMs: -1, ...more })
  const told = (ask: { labels: string; selector: string; units?: number }, ...others: ClaimWithOwner[]) =>
    rendezvousSummary(ask)([...others, mine], 'mine', 0)(0)
  const web = { labels: 'actor=web-1,role=web', selector: 'role=db' }
  t.is(told(web), '1 of 2 here: waiting for one more that matches role=db')
  t.is(told({ ...web, units: 3 }), '1 of 4 here: waiting for 3 more that match role=db')
  t.is(told({ ...web, selector: '' }), '1 of 2 here: waiting for one more')
  t.is(
    told({ ...web, units: 2 }, guest('db-1', 'role=db'), guest('web-2', 'role=web'), guest('db-2', 'role=db', 'big')),
    '2 of 3 here (db-1): waiting for one more that matches role=db; web-2 does not match role=db, db-2 requires big',
  )
  t.is(
    told({ ...web, units: 2 }, guest('db-1', 'role=db', '!twin'), guest('db-2', 'role=db,twin=')),
    '2 of 3 here (db-1): waiting for one more that matches role=db; db-2 does not match db-1',
  )
  t.is(
    told(web, guest('db-1', 'role=db', '', { overdueMs: 1 }), guest('db-2', 'role=db', 'a in')),
    '1 of 2 here: waiting for one more that matches role=db; ' +
      'db-1 has not renewed its lease, db-2 has labels or a selector that this sera can’t read',
  )
  t.is(told(web, guest('db-1', 'role=db', '', { state: 'granted' })), told(web), 'a matched participant does not count')
  t.is(
    told(web, guest('db-1', 'role=db', '', { units: 2 })),
    '2 of 3 here (db-1): waiting for one more that matches role=db',
    'db-1 needs one more',
  )
})
