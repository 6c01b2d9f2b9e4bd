import test from 'ava'
import { holderNews } from '../../src/commands/holder-news.js'
import { auditFields, outcomeLine, type Report, severityOf } from '../../src/commands/report.js'
import { waitingText } from '../../src/commands/waiting-line.js'
import { formatLine } from '../../src/log/line.js'

const report: Report = {
  outcome: { kind: 'timed-out' },
  exitCode: 204,
  lock: '5373fa7de6f7dd54052abf86b3a53da4',
  command: ['migrate.sh', '--all'],
  waitMs: 90_000,
  waitedMs: 90_012,
  holder: { host: 'web-2', pid: 4312, command: undefined },
}

test('the audit line is the documented one', t => {
  t.is(
    formatLine(auditFields(report)),
    'outcome=timed-out lock=5373fa7de6f7dd54052abf86b3a53da4 exit=204 wait=90 waited=90.0 holder="web-2 pid 4312" command="migrate.sh --all"',
  )
})

test('an endless wait is called forever in the log and null in JSON, which has no Infinity', t => {
  const endless = { ...report, waitMs: Number.POSITIVE_INFINITY }
  t.is(auditFields(endless).wait, 'forever')
  t.is(JSON.parse(outcomeLine(endless)).waitMs, null)
})

test('the outcome file is one line of JSON with the reason in words', t => {
  const line = outcomeLine({ outcome: { kind: 'lost', reason: 'a\nb' }, exitCode: 206, command: ['x'], ranMs: 5 })
  t.is(line.indexOf('\n'), line.length - 1)
  t.deepEqual(JSON.parse(line), { outcome: 'lost', reason: 'a\nb', exitCode: 206, command: ['x'], ranMs: 5 })
})

test('failures are errors, giving up is a warning, and what went as asked is information', t => {
  t.is(severityOf({ kind: 'lock-failed', reason: '' }), 'error')
  t.is(severityOf({ kind: 'timed-out' }), 'warning')
  t.is(severityOf({ kind: 'ran', exitCode: 1 }), 'info')
  t.is(severityOf({ kind: 'skipped' }), 'info')
})

test('a waiting person reads for what, how much longer, who has it and since when', async t => {
  const awaited = { what: 'for migrate.sh', until: 40_000, ask: async () => undefined }
  const holder = { connection: 7, host: 'web-2', pid: 4312, command: 'migrate.sh' }
  const news = await holderNews({ holder: async () => holder }, { now: () => 1000 })()
  t.is(
    waitingText(awaited, news, 10_500),
    'sera: waiting for migrate.sh (30s left), held for 9s+ by web-2 pid 4312 (migrate.sh)',
  )
  t.is(waitingText({ ...awaited, until: Number.POSITIVE_INFINITY }, undefined, 10_500), 'sera: waiting for migrate.sh')
})
