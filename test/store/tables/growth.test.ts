/** The cost of a statement depends on what is in use, and not on the names and runs in the tables. */
import test, { type ExecutionContext } from 'ava'
import { Session } from '../../../src/claims/session.js'
import { systemClock, systemRandom } from '../../../src/clock.js'
import { Sera } from '../../../src/lib/sera.js'
import { statementsSince } from '../../../src/store/schema/schema.js'
import { readSnapshot } from '../../../src/store/snapshot.js'
import { type HistoryQuery, readHistory, writeHistory } from '../../../src/store/tables/history.js'
import type { LockTables } from '../../../src/store/tables/lock-tables.js'
import { fillHistory, fillResources } from '../../support/full-tables.js'
import { type SharedServer, sharedServers } from '../../support/servers.js'
import { database, deadline } from '../database.js'

const TABLES = ['sera_resource', 'sera_claim', 'sera_history']
const REMEMBERED = 20_000
const LIMIT = 100

/** Enough to find, order and join `LIMIT` rows of each of two outcomes. */
const MOST_ROWS = 10 * LIMIT

const TIMING = { clock: systemClock, random: systemRandom, leaseMs: 60_000, graceMs: 1000, maxClockSkewMs: 30_000 }

for (const server of sharedServers()) {
  const { kind } = server

  test(`${kind}: steps read no more rows with more kept names, and use no disk table`, async t => {
    const { tables, sera, costs } = await fullTables(t, server)
    await sera.mutex('warm').acquire()
    await costs('first use of a name', () => sera.mutex('new').acquire())
    const again = await costs('use of a name', () => sera.semaphore('again', 1).acquire())
    await costs('release', () => again.release())
    await costs('counter', () => sera.counter('new').add(1))
    const key = { kind: 'mutex', name: 'new' }
    await costs('look', () => tables.look([{ key, upTo: Number.POSITIVE_INFINITY }], deadline()))
    await costs('look at a part', () => tables.look([{ key, upTo: Number.MAX_SAFE_INTEGER }], deadline()))
    await costs('front', () => tables.front(key, 2, deadline()))
  })

  test(`${kind}: status reads no more rows with more kept names, and uses no disk table`, async t => {
    const { tables, elsewhere, sera, costs } = await fullTables(t, server)
    await sera.mutex('name 9').acquire()
    for (const client of [tables.client, elsewhere.client]) {
      const look = (wanted: { kind?: string; names?: string[] }) => () =>
        readSnapshot(client, { ...wanted, getLocks: undefined }, deadline())
      await costs('status', look({}))
      await costs('status of a kind', look({ kind: 'counter' }))
      await costs('status of a name', look({ kind: 'counter', names: ['name 10'] }))
    }
  })

  test(`${kind}: history reads no more rows with more runs, and uses no disk table`, async t => {
    const { tables, elsewhere, costs } = await fullTables(t, server)
    const queries: Omit<HistoryQuery, 'limit'>[] = [
      {},
      { outcomes: ['lost'] },
      { outcomes: ['lost', 'ran'] },
      { name: 'name 5' },
      { name: 'name 5', outcomes: ['lost', 'timed-out'] },
      { since: 86_400_000 },
    ]
    for (const query of queries) {
      for (const { client } of [tables, elsewhere]) {
        const read = () => readHistory(client, { ...query, limit: LIMIT }, deadline())
        await costs(`history ${JSON.stringify(query)}`, read)
      }
    }
    const ending = { key: { kind: 'mutex', name: 'x' }, token: '1', outcome: 'ran', exitCode: 0, waitedMs: 1, ranMs: 1 }
    await costs('writing', () => writeHistory(tables, ending, 1, deadline()))
  })
}

/** Full tables, and the cost of calls on their connection. */
async function fullTables(t: ExecutionContext, server: SharedServer) {
  const { account, open, root } = await database(t, server)
  const dsn = await account('ALL')
  for (const statement of statementsSince(0, server.kind === 'mariadb')) await root.query(statement)
  // if the server counted statistics anew during the test, it would choose other plans for a moment
  for (const table of TABLES) await root.query(`ALTER TABLE ${table} STATS_AUTO_RECALC = 0`)
  await fillResources(statement => root.query(statement), REMEMBERED)
  await fillHistory(statement => root.query(statement), REMEMBERED)
  await root.query(`ANALYZE TABLE ${TABLES.join(', ')}`)
  const tables = open(dsn, { random: { ...systemRandom, number: () => 0 } })
  const elsewhere = open(dsn, { namespace: 'other' })
  const sera = new Sera(new Session(tables, TIMING))
  t.teardown(() => sera.close())
  const costs = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const before = await countersOf(tables, elsewhere)
    const own = cost(before, await countersOf(tables, elsewhere))
    const from = await countersOf(tables, elsewhere)
    const result = await work()
    const spent = cost(from, await countersOf(tables, elsewhere))
    const rows = spent.rows - own.rows
    t.true(rows > 0 && rows < MOST_ROWS, `${what}: ${rows} rows read`)
    t.is(spent.onDisk - own.onDisk, 0, `${what}: tables on disk`)
    return result
  }
  return { tables, elsewhere, sera, costs }
}

interface Counters {
  rows: number
  onDisk: number
}

function cost(before: Counters, after: Counters): Counters {
  return { rows: after.rows - before.rows, onDisk: after.onDisk - before.onDisk }
}

/** The counters of each client's only connection. */
async function countersOf(...all: readonly LockTables[]): Promise<Counters> {
  const counters = { rows: 0, onDisk: 0 }
  for (const { client } of all) {
    const asked =
      "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%' OR Variable_name = 'Created_tmp_disk_tables'"
    for (const { Variable_name: name, Value: value } of await client.persist(one => one.query(asked), deadline())) {
      counters[name === 'Created_tmp_disk_tables' ? 'onDisk' : 'rows'] += Number(value)
    }
  }
  return counters
}
