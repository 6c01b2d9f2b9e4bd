/**
 * sera with `--engine lease`, stopped for longer than its lease: either sera alone, so that its guard ends the command,
 * or together with guard and command.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import mysql from 'mysql2/promise'
import { each } from '../../support/each.js'
import { Journal } from '../../support/journal.js'
import { guardsOf, kill } from '../../support/processes.js'
import { until } from '../../support/until.js'
import { JOB_TABLES } from './harness/job.js'

const LEASE = ['--engine', 'lease', '--lease', '5s', '--grace', '500ms']
const LATE_WRITER = fileURLToPath(new URL('harness/late-writer.js', import.meta.url))

each('engine lease: sera stopped beyond its lease: its command ends before the next starts', async (t, bench) => {
  const journal = new Journal(bench.folder)
  const script = `trap '' TERM; sleep 1000 & wait; sleep 1001`
  const sera = bench.sera([...LEASE, '20', ...journal.command({ who: 'stopped', script })])
  await journal.seen('start', 'stopped')
  const next = bench.sera([...LEASE, '60', ...journal.command({ who: 'next', script: '' })])
  sera.kill('SIGSTOP')
  t.is(await next.exited, 0)
  t.deepEqual(sera.family(), [])
  t.deepEqual(journal.all('overlap'), [])
  sera.kill('SIGCONT')
  t.is(await sera.exited, 206)
})

each('engine lease: sera, guard and command stopped: the token refuses the late write', async (t, bench, server) => {
  const admin = await mysql.createConnection(accountOf(server))
  t.teardown(() => admin.end())
  for (const table of JOB_TABLES) await admin.query(table)
  await admin.query('INSERT INTO fault_counter VALUES (?, 0)', [bench.lock])
  const go = join(bench.folder, 'go')
  const write = (who: string) => [process.execPath, LATE_WRITER, server.dsn(), go, join(bench.folder, who)]
  const state = (who: string) => {
    const path = join(bench.folder, who)
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }
  const sera = bench.sera([...LEASE, '20', ...write('stopped')])
  await until('the command at its pause', () => state('stopped') === 'read')
  const all = [sera.pid, ...guardsOf(sera.pid), ...sera.family()]
  kill(all, 'SIGSTOP')
  writeFileSync(go, '')
  t.is(await bench.sera([...LEASE, '60', ...write('next')]).exited, 0)
  t.is(state('next'), 'written')
  // the command first, so that it reaches its write before it is ended
  kill(sera.family(), 'SIGCONT')
  // the file is empty while the command writes it
  await until('the late write', () => !['read', ''].includes(state('stopped')))
  t.is(state('stopped'), 'refused')
  kill(all, 'SIGCONT')
  const [rows] = await admin.query<mysql.RowDataPacket[]>('SELECT value FROM fault_counter WHERE name = ?', [
    bench.lock,
  ])
  t.is(rows[0]?.value, 1)
  await sera.exited
})

function accountOf({ port }: { port: number }): mysql.ConnectionOptions {
  return { host: '127.0.0.1', port, user: 'sera', password: 'secret', database: 'sera' }
}
