#!/usr/bin/env node
/**
 * Measures single calls on full tables: a million names (four of ten are counters, four once keys, one a closed gate)
 * and five million runs in the history. Each call is timed on an open connection until its answer is read. On a busy
 * machine read p25: the other figures include the load.
 *
 *     npm run build && npm run build:test && node bench/growth.mjs [--kind mysql] [--names 1000000] [--runs 5000000]
 *
 * It starts its own server and fills its tables, which takes minutes. It only reports figures.
 */
import { parseArgs } from 'node:util'
import mysql from 'mysql2/promise'
import { circumstances } from './machine.mjs'
import { ms, print, quantile } from './table.mjs'

const { values: options } = parseArgs({
  options: {
    kind: { type: 'string', default: 'mariadb' },
    names: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '5000000' },
  },
})

process.chdir(new URL('..', import.meta.url).pathname)
const { fillHistory, fillResources } = await import('../build/test/support/full-tables.js')
const { startServer } = await import('../build/test/support/servers.js')
const { systemClock } = await import('../dist/clock.js')
const { parseDsn } = await import('../dist/config/dsn.js')
const { Session } = await import('../dist/primitives/session.js')
const { Sera } = await import('../dist/lib/sera.js')
const { readHistory, writeHistory } = await import('../dist/store/tables/history.js')
const { LockTables } = await import('../dist/store/tables/lock-tables.js')
const { ownerOf } = await import('../dist/claims/owner.js')
const { statementsSince } = await import('../dist/store/schema/schema.js')
const { readSnapshot } = await import('../dist/store/snapshot.js')

const TIMES = 50
const LIMIT = 20
const LEASE_MS = 60_000
const WEEK_MS = 7 * 86_400_000
const PATIENCE = { until: Number.POSITIVE_INFINITY }

/** Memory as on a server of this size; the test servers have little. */
const ROOMY = {
  mariadb: ['--innodb-buffer-pool-size=1G', '--innodb-log-file-size=512M'],
  mysql: ['--innodb-buffer-pool-size=1G', '--innodb-redo-log-capacity=1G'],
}

const server = await startServer({ kind: options.kind, args: ROOMY[options.kind] })
const root = await mysql.createConnection({ user: 'root', socketPath: server.socketPath, database: 'sera' })
try {
  for (const statement of statementsSince(0, options.kind === 'mariadb')) await root.query(statement)
  await fillResources(statement => root.query(statement), Number(options.names))
  await fillHistory(statement => root.query(statement), Number(options.runs))
  await root.query('ANALYZE TABLE sera_resource, sera_claim, sera_history')
  console.log(await circumstances(server))
  print(`${options.names} names, ${options.runs} runs, ${options.kind}`, await figures())
} finally {
  await root.end()
  await server.stop()
}

async function figures() {
  const [own, other] = [tables(''), tables('other')]
  const sera = new Sera(
    new Session(own, { clock: systemClock, leaseMs: LEASE_MS, graceMs: 1000, maxClockSkewMs: 30_000 }),
  )
  const history = (store, query) => () => readHistory(store.client, { ...query, limit: LIMIT }, PATIENCE)
  const seen = (store, kind) => () => readSnapshot(store.client, { kind, getLocks: undefined }, PATIENCE)
  const look = { key: { kind: 'mutex', name: 'name 9' }, upTo: Number.POSITIVE_INFINITY }
  const rows = []
  const add = async (call, work, after) => rows.push(shown(call, await timed(work, after)))
  const release = lock => lock.release()
  try {
    await add('first use of a name', n => sera.mutex(`new ${n}`).acquire(), release)
    await add('grant, name known', () => sera.mutex('name 9').acquire(), release)
    await add('look', () => own.look([look], PATIENCE))
    await add('status, page, metrics', seen(own))
    await add('status of the counters', seen(own, 'counter'))
    await add('status of another namespace', seen(other))
    await add('history', history(own, {}))
    await add('history of the last hour', history(own, { since: 3_600_000 }))
    await add('history of a rare outcome', history(own, { outcomes: ['lost'] }))
    await add('history of two outcomes', history(own, { outcomes: ['lost', 'ran'] }))
    await add('history of a name', history(own, { name: 'name 5' }))
    await add('history of a name and an outcome', history(own, { name: 'name 5', outcomes: ['lost'] }))
    await add('history of another namespace', history(other, {}))
    await add('an entry into the history', n => writeHistory(own, ending(n), 30 * WEEK_MS, PATIENCE))
    return rows
  } finally {
    await sera.close()
    await other.close()
  }
}

function ending(n) {
  const key = { kind: 'mutex', name: `name ${n}` }
  return { key, token: '1', outcome: 'ran', exitCode: 0, waitedMs: 1, ranMs: 1 }
}

function tables(namespace) {
  return new LockTables({
    servers: [parseDsn(server.dsn('sera'))],
    owner: ownerOf(process.pid, ['bench']),
    attributes: {},
    leaseMs: LEASE_MS,
    connectWaitMs: 0,
    namespace,
    clock: systemClock,
    random: Math.random,
  })
}

/** The first call of each kind is a warm-up and is left out. */
async function timed(work, after = () => {}) {
  const times = []
  for (let n = 0; n <= TIMES; n++) {
    const from = performance.now()
    const result = await work(n)
    if (n > 0) times.push(performance.now() - from)
    await after(result)
  }
  return times
}

function shown(call, times) {
  return {
    call,
    'p25, ms': ms(quantile(times, 0.25)),
    'p50, ms': ms(quantile(times, 0.5)),
    'p95, ms': ms(quantile(times, 0.95)),
    'slowest, ms': ms(Math.max(...times)),
  }
}
