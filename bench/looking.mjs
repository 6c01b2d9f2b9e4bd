#!/usr/bin/env node
/**
 * Measures the cost of `sera status` and `sera doctor` for a server with a thousand claims and tens of thousands of
 * unused names: the time of all their statements, on an open connection. It starts its own server and only reports
 * figures.
 *
 *     npm run build && npm run build:test && node bench/looking.mjs [--kind mysql]
 */
import { parseArgs } from 'node:util'
import mysql from 'mysql2/promise'
import { circumstances } from './machine.mjs'
import { ms, print, quantile } from './table.mjs'

const { values: options } = parseArgs({ options: { kind: { type: 'string', default: 'mariadb' } } })

process.chdir(new URL('..', import.meta.url).pathname)
const { startServer } = await import('../build/test/support/servers.js')
const { systemClock } = await import('../dist/clock.js')
const { parseDsn } = await import('../dist/config/dsn.js')
const { RetryingClient } = await import('../dist/store/client.js')
const { diagnose } = await import('../dist/store/diagnosis.js')
const { statementsSince } = await import('../dist/store/schema/schema.js')
const { readSnapshot } = await import('../dist/store/snapshot.js')
const { supportRules } = await import('../dist/store/get-lock/server-support.js')

const RESOURCES = 100
const CLAIMS_EACH = 10
const UNUSED = 20_000
const TIMES = 50

const server = await startServer({ kind: options.kind })
const root = await mysql.createConnection({ user: 'root', socketPath: server.socketPath, database: 'sera' })
const dsn = parseDsn(server.dsn('sera'))
const client = new RetryingClient({
  servers: [dsn],
  attributes: {},
  leaseMs: 60_000,
  connectWaitMs: 0,
  namespace: '',
  clock: systemClock,
  random: Math.random,
  onlyReads: true,
})
try {
  for (const statement of statementsSince(0, options.kind === 'mariadb')) await root.query(statement)
  await fill()
  console.log(await circumstances(server))
  const status = await measure(() => readSnapshot(client, { getLocks: 'all' }, { until: Number.POSITIVE_INFINITY }))
  const named = await measure(() =>
    readSnapshot(
      client,
      { kind: 'mutex', names: ['used 7'], getLocks: undefined },
      { until: Number.POSITIVE_INFINITY },
    ),
  )
  const doctor = []
  for (let n = 0; n < TIMES; n++) doctor.push((await diagnosis()).facts.asked.ms)
  print(`${RESOURCES * CLAIMS_EACH} claims, ${UNUSED} unused names, ${options.kind}`, [
    shown('sera status', status),
    shown('sera status mutex <name>', named),
    shown('sera doctor', doctor),
  ])
} finally {
  client.close()
  await root.end()
  await server.stop()
}

async function measure(work) {
  const times = []
  for (let n = 0; n < TIMES; n++) {
    const from = performance.now()
    await work()
    times.push(performance.now() - from)
  }
  return times
}

function diagnosis() {
  const rules = supportRules('auto', false)
  return diagnose(dsn, { attributes: {}, leaseMs: 60_000, rules, clock: systemClock, wallClock: Date.now })
}

function shown(what, times) {
  return { asked: what, 'p50, ms': ms(quantile(times, 0.5)), 'p95, ms': ms(quantile(times, 0.95)) }
}

async function fill() {
  const names = [
    ...Array.from({ length: UNUSED }, (_, n) => [`unused ${n}`]),
    ...Array.from({ length: RESOURCES }, (_, n) => [`used ${n}`]),
  ]
  for (let at = 0; at < names.length; at += 1000) {
    const rows = names.slice(at, at + 1000).map(([name]) => ['mutex', name, 1])
    await root.query('INSERT INTO sera_resource (kind, name, version) VALUES ?', [rows])
  }
  const claims = Array.from({ length: CLAIMS_EACH }, (_, n) => `SELECT ${n} AS n`).join(' UNION ALL ')
  await root.query(
    `INSERT INTO sera_claim (id, resource_id, ticket, process_id, host, pid, user, command, state, token, units, lease_ms,
       renewals, expires_at, requested_at)
     SELECT LEFT(SHA2(CONCAT(id, '-', n), 256), 32), id, n + 1, 'bench', 'bench', 1, 'bench', 'bench',
       IF(n = 0, 'granted', 'waiting'), IF(n = 0, 1, NULL), 1, 60000, 1, UTC_TIMESTAMP(6) + INTERVAL 1 HOUR, UTC_TIMESTAMP(6)
     FROM sera_resource JOIN (${claims}) AS numbers WHERE name LIKE 'used%'`,
  )
}
