/**
 * Contract tests: what a primitive promises, checked on the lock tables in memory and on every server of the run.
 *
 * Each test has tables or a namespace of its own, named after its file and title. Its end closes its sessions; then the tables must
 * have no claim of them left.
 */

import { createHash } from 'node:crypto'
import ava, { type ExecutionContext } from 'ava'
import mysql from 'mysql2/promise'
import type { ClaimStore } from '../../src/claims/model.js'
import { ownerOf } from '../../src/claims/owner.js'
import { Session } from '../../src/claims/session.js'
import { systemClock, systemRandom } from '../../src/clock.js'
import { Sera } from '../../src/lib/sera.js'
import { FOREVER } from '../../src/primitives/gate.js'
import type { Kind } from '../../src/primitives/names.js'
import type { Contender } from '../../src/primitives/primitive.js'
import { MemoryStore, MemoryTables } from '../../src/store/tables/memory-store.js'
import { lockTables } from '../support/lock-tables.js'
import { type SharedServer, sharedServers } from '../support/servers.js'
import { until } from '../support/until.js'
import { mortal } from './mortal-store.js'

export interface JoinOptions {
  leaseMs?: number
  graceMs?: number
  maxClockSkewMs?: number
  label?: string
}

/** A session that can die without a release, as its process does by SIGKILL. */
export interface Mortal {
  sera: Sera
  session: Session
  die(): void
}

/** Lock tables for one test. */
interface Tables {
  open(label: string): ClaimStore
  /** The number of claims. */
  count(): Promise<number>
  /** Deletes every claim, like `sera break`. */
  clear(): Promise<void>
  /** Puts the clock of the tables forward by `ms`. */
  forward(ms: number): Promise<void>
  /** Makes the last use of the resources `ms` older, and their retention `ms` shorter. */
  idle(ms: number): Promise<void>
  /** Makes the recorded runs `ms` older, and their retention `ms` shorter. */
  age(ms: number): Promise<void>
}

/** For sessions that die: short, so that the others need not wait long. */
export const SHORT_LEASE_MS = 5000

/** For a session that accepts recorded sightings early. With the default skew, sessions rely on their own observations only. */
export const HASTY = { maxClockSkewMs: 0 }

/** For a wait behind a dead session: longer than its lease. */
export const OUTLIVE = { wait: '45s' }

/** The lease from which a store derives its limit for a call; long, because a loaded machine is slow. */
const CALLS_AS_OF_MS = 60_000

export class ContractHarness {
  readonly #sessions: Session[] = []

  constructor(
    readonly tables: Tables,
    /** No other test uses the name, because each test has its own tables. */
    readonly name = 'it',
  ) {}

  join(options: JoinOptions = {}): Sera {
    return this.mortal(options).sera
  }

  mortal({ leaseMs = 60_000, graceMs = 0, maxClockSkewMs = 3_600_000, label = 'test' }: JoinOptions = {}): Mortal {
    const { store, die } = mortal(this.tables.open(label))
    const session = new Session(store, { clock: systemClock, random: systemRandom, leaseMs, graceMs, maxClockSkewMs })
    this.#sessions.push(session)
    return { sera: new Sera(session), session, die }
  }

  /** Waits until the lease of a claim at the resource is over. */
  async expired(kind: Kind): Promise<void> {
    const store = this.tables.open('observer')
    await until('a claim that is overdue', async () => {
      const claims = await store.listClaims({ kind, name: this.name }, { until: Number.POSITIVE_INFINITY })
      return claims.some(({ overdueMs }) => overdueMs > 0)
    })
    await store.close()
  }

  /** Reaps until `left` claims are left at the resource. */
  async reaped(kind: Kind, left: number): Promise<void> {
    const { session } = this.mortal(HASTY)
    await until('the dead are reaped', async () => {
      await session.reaper.round()
      const claims = await session.store.listClaims({ kind, name: this.name }, { until: Number.POSITIVE_INFINITY })
      return claims.length === left
    })
  }

  async close(): Promise<void> {
    await Promise.all(this.#sessions.map(session => session.close()))
  }
}

type ContractTest = (t: ExecutionContext, bench: ContractHarness) => Promise<void>

/** Declares a test for each kind of lock tables. */
export function contract(title: string, body: ContractTest): void {
  declare(ava, title, body)
}

/** Not concurrent: for tests that keep the machine busy. */
contract.serial = (title: string, body: ContractTest): void => declare(ava.serial, title, body)

function declare(
  test: (title: string, body: (t: ExecutionContext) => Promise<void>) => void,
  title: string,
  body: ContractTest,
): void {
  const kinds: Array<[string, (namespace: string) => Tables]> = [
    ['memory', inMemory],
    ...sharedServers().map((server): [string, (namespace: string) => Tables] => [
      server.label ?? server.kind,
      onServer(server),
    ]),
  ]
  for (const [kind, tablesFor] of kinds) {
    test(`${title} (${kind})`, async t => {
      const tables = tablesFor(createHash('md5').update(`${ava.meta.file} ${t.title}`).digest('hex'))
      const bench = new ContractHarness(tables)
      try {
        await body(t, bench)
        t.is(await tables.count(), 0, 'claims left after the test')
      } finally {
        await bench.close()
      }
    })
  }
}

/** Waits until `count` claims wait at the resource. */
export async function waiting(at: { contenders(): Promise<Contender[]> }, count: number): Promise<Contender[]> {
  return until(`${count} waiting`, async () => {
    const found = (await at.contenders()).filter(({ state }) => state === 'waiting')
    return found.length === count && found
  })
}

function inMemory(): Tables {
  let ahead = 0
  const tables = new MemoryTables(
    { ...systemClock, now: () => systemClock.now() + ahead, wall: () => systemClock.wall() + ahead },
    systemRandom,
  )
  const shelves = () => [...tables.shelves.values()]
  return {
    open: label => new MemoryStore(tables, ownerOf(process.pid, [label])),
    count: async () => shelves().reduce((sum, { rows }) => sum + rows.length, 0),
    async clear() {
      for (const shelf of shelves()) shelf.rows = []
    },
    async forward(ms) {
      ahead += ms
    },
    async idle(ms) {
      for (const shelf of shelves()) {
        const { value, version } = shelf.resource
        shelf.resource = {
          ...shelf.resource,
          version: version - ms * 1000,
          value: value - (isTime(value) ? ms * 1000 : 0),
        }
      }
    },
    async age(ms) {
      for (const shelf of shelves()) {
        const { record = '{}', value } = shelf.resource
        shelf.resource = { ...shelf.resource, record: aged(record, ms), value: value - ms * 1000 }
      }
    },
  }
}

function onServer(server: SharedServer): (namespace: string) => Tables {
  return namespace => ({
    open: label =>
      lockTables([server.dsn()], { owner: ownerOf(process.pid, [label]), leaseMs: CALLS_AS_OF_MS, namespace }),
    async count() {
      return (await asked(server, `SELECT c.id ${CLAIMS_OF}`, namespace)).length
    },
    async clear() {
      // by id: one statement that searches and deletes would lock rows of other tests
      const found = await asked(server, `SELECT c.id ${CLAIMS_OF}`, namespace)
      for (const { id } of found) await asked(server, 'DELETE FROM sera_claim WHERE id = ?', id)
    },
    async forward(ms) {
      const found = await asked(server, `SELECT c.id ${CLAIMS_OF}`, namespace)
      const back = (column: string) => `${column} = ${column} - INTERVAL ${ms * 1000} MICROSECOND`
      const sql = `UPDATE sera_claim SET ${back('expires_at')}, ${back('seen_at')} WHERE id = ?`
      for (const { id } of found) await asked(server, sql, id)
    },
    async idle(ms) {
      const found = await asked(server, 'SELECT id, value FROM sera_resource WHERE INSTR(name, ?) = 1', namespace)
      const sql = 'UPDATE sera_resource SET version = version - ?, value = value - ? WHERE id = ?'
      for (const { id, value } of found) await asked(server, sql, ms * 1000, isTime(value) ? ms * 1000 : 0, id)
    },
    async age(ms) {
      const found = await asked(server, 'SELECT id, record FROM sera_resource WHERE INSTR(name, ?) = 1', namespace)
      const sql = 'UPDATE sera_resource SET record = ?, value = value - ? WHERE id = ?'
      for (const { id, record } of found) await asked(server, sql, aged(record, ms), ms * 1000, id)
    },
  })
}

const CLAIMS_OF = 'FROM sera_claim c JOIN sera_resource r ON r.id = c.resource_id WHERE INSTR(r.name, ?) = 1'

/** Whether a retention is a time, not zero or for ever. */
function isTime(value: number): boolean {
  return value > 0 && value < FOREVER
}

function aged(record: string, ms: number): string {
  const isTime = (name: string) => name === 'startedAt' || name === 'finishedAt'
  return JSON.stringify(JSON.parse(record), (name, value) => (isTime(name) ? value - ms * 1000 : value))
}

async function asked({ port }: SharedServer, sql: string, ...values: unknown[]): Promise<mysql.RowDataPacket[]> {
  const connection = await mysql.createConnection({ port, user: 'sera', password: 'secret', database: 'sera' })
  try {
    const [rows] = await connection.query<mysql.RowDataPacket[]>(sql, values)
    return rows
  } finally {
    connection.destroy()
  }
}
