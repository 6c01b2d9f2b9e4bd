#!/usr/bin/env node
/**
 * Measures a queue at the lock tables, with ten to a thousand waiters of ten processes at one mutex: how soon the next
 * one holds after a release, how many statements the server gets while nothing moves, and over how many connections.
 *
 *     npm run build && node bench/queue.mjs                 # a table; two or three minutes
 *     node bench/queue.mjs --plot docs/images/waiting.svg   # and a plot
 *     node bench/queue.mjs --kind mysql --waiters 10,100
 *
 * It starts its own server and only reports figures.
 */
import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import mysql from 'mysql2/promise'
import { circumstances } from './machine.mjs'
import { plot } from './plot.mjs'
import { ms, print, quantile } from './table.mjs'

const { values: options } = parseArgs({
  options: {
    kind: { type: 'string', default: 'mariadb' },
    waiters: { type: 'string', default: '1,10,30,100,300,1000' },
    plot: { type: 'string' },
    'hold-ms': { type: 'string' },
  },
})

process.chdir(new URL('..', import.meta.url).pathname)
const { startServer } = await import('../build/test/support/servers.js')
const { statementsSince } = await import('../dist/store/schema/schema.js')
const PROCESSES = 10
const QUIET_MS = 5000
const HAND_OVERS = 60

const server = await startServer({ kind: options.kind })
const root = await mysql.createConnection({ user: 'root', socketPath: server.socketPath, database: 'sera' })
try {
  for (const statement of statementsSince(0, options.kind === 'mariadb')) await root.query(statement)
  console.log(await circumstances(server))
  const rows = []
  for (const waiters of options.waiters.split(',').map(Number)) {
    const row = await measure(waiters, QUIET_MS)
    // the gap after the first holder is a hand-over, too: many rounds of a short queue give as many as one long queue
    for (let more = row.gaps.length; more < HAND_OVERS; more += waiters)
      row.gaps.push(...(await measure(waiters, 0)).gaps)
    rows.push(row)
  }
  print('A queue at one mutex, in ten processes', rows.map(shown))
  if (options.plot) writeFileSync(options.plot, plot(rows))
} finally {
  await root.end()
  await server.stop()
}

async function measure(waiters, quietMs) {
  const name = randomUUID()
  const holdMs = options['hold-ms'] ?? String(Math.max(5, Math.min(200, 10_000 / waiters)))
  const holder = await started(name, '0')
  const gate = await hold(holder.name)
  const processes = await Promise.all(
    Array.from({ length: Math.min(PROCESSES, waiters) }, () => started(holder.name, holdMs)),
  )
  const turns = []
  const ended = processes.map(({ child }) => {
    child.on('message', turn => turns.push(turn))
    return once(child, 'exit')
  })
  const joining = performance.now()
  for (const [at, { child }] of processes.entries()) {
    child.send({ wait: Math.floor(waiters / processes.length) + (at < waiters % processes.length ? 1 : 0) })
  }
  while ((await count(holder.name)) < waiters + 1) await sleep(20)
  const joinedMs = performance.now() - joining
  await sleep(1000)
  const quiet = await questions()
  await sleep(quietMs)
  const perSecond = ((await questions()) - quiet) / (quietMs / 1000)
  const connections = (await status('Threads_connected')) - 1
  const openedAt = Number(process.hrtime.bigint()) / 1e6
  await gate.open()
  await Promise.all(ended)
  holder.child.kill()
  turns.sort((a, b) => a.from - b.from)
  const gaps = turns.map((turn, i) => turn.from - (turns[i - 1]?.to ?? openedAt))
  const inOrder = turns.every((turn, i) => i === 0 || turn.ticket > turns[i - 1].ticket)
  return { waiters, perSecond, connections, joinedMs, gaps, inOrder, served: turns.length }
}

/** A claim, inserted by SQL, that holds the mutex until it is deleted. */
async function hold(name) {
  await root.query("INSERT INTO sera_resource (kind, name, version) VALUES ('mutex', ?, 1)", [name])
  await root.query(
    `INSERT INTO sera_claim (id, resource_id, ticket, process_id, host, pid, user, command, state, token, units, lease_ms,
       renewals, expires_at, requested_at)
     SELECT ?, id, 1, 'bench', 'bench', 1, 'bench', 'bench', 'granted', 1, 1, 3600000, 1,
       UTC_TIMESTAMP(6) + INTERVAL 1 HOUR, UTC_TIMESTAMP(6) FROM sera_resource WHERE name = ?`,
    [name.replaceAll('-', ''), name],
  )
  return { open: () => root.query('DELETE FROM sera_claim WHERE id = ?', [name.replaceAll('-', '')]) }
}

async function started(name, holdMs) {
  const child = fork('bench/queue-worker.mjs', [server.dsn('sera'), name, holdMs])
  await once(child, 'message')
  return { child, name }
}

async function count(name) {
  const [[row]] = await root.query(
    'SELECT COUNT(*) AS claims FROM sera_claim c JOIN sera_resource r ON r.id = c.resource_id WHERE r.name = ?',
    [name],
  )
  return row.claims
}

/** Without the statement that asks. */
async function questions() {
  return (await status('Questions')) - 1
}

async function status(variable) {
  const [[row]] = await root.query('SHOW GLOBAL STATUS LIKE ?', [variable])
  return Number(row.Value)
}

function shown({ waiters, perSecond, connections, joinedMs, gaps, inOrder, served }) {
  return {
    waiting: waiters,
    'queries/s, nothing moves': perSecond.toFixed(0),
    connections,
    'all in the queue after, ms': joinedMs.toFixed(0),
    'hand-over p50, ms': ms(quantile(gaps, 0.5)),
    'p99, ms': ms(quantile(gaps, 0.99)),
    'served in order': inOrder ? `all ${served}` : 'NO',
  }
}
