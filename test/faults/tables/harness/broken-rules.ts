/**
 * The safety rules of the lock tables, to be switched off one at a time: what a harness does not find when it is missing, it does
 * not test. Each is broken in the worker's process alone, by getting in between the classes of src/.
 */
import { randomBytes } from 'node:crypto'
import mysql from 'mysql2'
import { FailureDetector } from '../../../../src/claims/failure-detector.js'
import type { ClaimStore } from '../../../../src/claims/model.js'
import { SeraError } from '../../../../src/errors.js'
import type { Changed } from '../../../../src/store/mysql/connection.js'
import { isContention } from '../../../../src/store/mysql/retry.js'
import { TableConnection } from '../../../../src/store/tables/table-connection.js'
import { altered } from './altered-store.js'
import type { ClientOptions } from './client-options.js'

export type BrokenRule =
  /** Works on when the lock is no longer proven. */
  | 'no self-fencing'
  /** A claim is dead when its time is over by the server's clock. */
  | 'expiry by the server clock'
  /** A COMMIT without an answer is taken for done. */
  | 'unknown taken for done'
  /** A COMMIT without an answer is taken for not done: tried again as something new. */
  | 'unknown taken for not done'
  /** Who looks dead is deleted whatever his renewals are, on the word of an earlier look. */
  | 'reap without looking again'
  /** The resource is read, not locked, before something is decided about it. */
  | 'grant without bump'
  /** What a step writes is sent in one packet with its COMMIT, and only the last answer counts. */
  | 'several statements a packet'
  /** A renewal puts back what has gone. */
  | 'renewal that inserts'

export interface BrokenStore {
  selfFencing: boolean
  store(store: ClaimStore): ClaimStore
}

export const INTACT: BrokenStore = { selfFencing: true, store: store => store }

export function breakRule(rule: BrokenRule, options: ClientOptions): BrokenStore {
  switch (rule) {
    case 'no self-fencing':
      return { ...INTACT, selfFencing: false }
    case 'expiry by the server clock':
      believeInClock()
      return INTACT
    case 'unknown taken for done':
      believeInCommit()
      return INTACT
    case 'unknown taken for not done':
      return { ...INTACT, store: askAnew }
    case 'reap without looking again':
      return { ...INTACT, store: store => reapHastily(store, options.leaseMs) }
    case 'grant without bump':
      replace(/^UPDATE sera_resource SET version/, async function (_next, _sql, values) {
        const rows = await this.query('SELECT id FROM sera_resource WHERE kind = ? AND name = ?', values.slice(-2))
        return { rows: rows.length, inTransaction: true }
      })
      return INTACT
    case 'several statements a packet':
      pack()
      return INTACT
    case 'renewal that inserts':
      return { ...INTACT, store: resurrect }
  }
}

type ChangeRows = (this: TableConnection, sql: string, values?: unknown[]) => Promise<Changed>

type Instead = (this: TableConnection, next: ChangeRows, sql: string, values: unknown[]) => Promise<Changed>

/** Statements that look so are done otherwise. */
function replace(pattern: RegExp, instead: Instead): void {
  const change = TableConnection.prototype.change as ChangeRows
  TableConnection.prototype.change = function (this: TableConnection, sql: string, values: unknown[] = []) {
    return pattern.test(sql) ? instead.call(this, change, sql, values) : change.call(this, sql, values)
  }
}

function believeInClock(): void {
  FailureDetector.prototype.dead = (_key, { claims }) => claims.filter(({ overdueMs }) => overdueMs > 0)
}

function believeInCommit(): void {
  const commit = TableConnection.prototype.commit
  TableConnection.prototype.commit = async function (this: TableConnection) {
    await commit.call(this).catch(error => {
      if (isContention(error)) throw error
    })
  }
}

/** What has no answer is asked for again under a new id, as by a client that lets the server make ids. */
function askAnew(store: ClaimStore): ClaimStore {
  const commit = TableConnection.prototype.commit
  TableConnection.prototype.commit = async function (this: TableConnection) {
    await commit.call(this).catch(error => {
      throw isContention(error) ? error : new AnswerLost('lock-failed', 'no answer')
    })
  }
  const ids = new Map<string, string>()
  const newId = (id: string) => ids.set(id, randomBytes(16).toString('hex'))
  return altered(store, {
    async step(key, mine, decide, options) {
      for (;;) {
        const id = ids.get(mine.id) ?? mine.id
        const back = <T extends { id: string }>(one: T): T => (one.id === id ? { ...one, id: mine.id } : one)
        const forth = <T extends { id: string }>(one: T): T => (one.id === mine.id ? { ...one, id } : one)
        try {
          return await store.step(
            key,
            { ...mine, id },
            (state, me) => {
              const decision = decide({ ...state, claims: state.claims.map(back) }, back(me))
              if ('conflict' in decision) return decision
              const { claims = [], remove = [], dead = [] } = decision
              const removed = remove.map(one => (one === mine.id ? id : one))
              return { ...decision, claims: claims.map(forth), remove: removed, dead: dead.map(forth) }
            },
            options,
          )
        } catch (error) {
          if (!(error instanceof AnswerLost)) throw error
          newId(mine.id)
        }
      }
    },
    remove: (id, ...rest) => store.remove(ids.get(id) ?? id, ...rest),
    async renew(asked, deadline) {
      const alive = await store.renew(
        asked.map(id => ids.get(id) ?? id),
        deadline,
      )
      return new Set(asked.filter(id => alive.has(ids.get(id) ?? id)))
    },
  })
}

class AnswerLost extends SeraError {}

/** Deletes whom its looks show as they were a lease ago, whatever they have done since. */
function reapHastily(store: ClaimStore, leaseMs: number): ClaimStore {
  const seen = new Map<string, { renewals: number; since: number }>()
  return altered(store, {
    async look(asked, deadline) {
      const states = await store.look(asked, deadline)
      for (const { id, renewals } of states.flatMap(({ claims }) => claims)) {
        const before = seen.get(id)
        if (before?.renewals !== renewals) seen.set(id, { renewals, since: performance.now() })
        else if (performance.now() - before.since > leaseMs + 1000) await store.remove(id, deadline)
      }
      return states
    },
  })
}

/** The writes of a step wait for its COMMIT; what they would have hit is taken for granted. */
function pack(): void {
  const create = mysql.createConnection
  const several = (options: mysql.ConnectionOptions) => create({ ...options, multipleStatements: true })
  Object.assign(mysql, { createConnection: several })
  const packets = new WeakMap<TableConnection, string[]>()
  const wait: Instead = async function (_, sql, values) {
    packets.set(this, [...(packets.get(this) ?? []), mysql.format(sql, values as string[])])
    return { rows: 1, inTransaction: true }
  }
  replace(
    /^(UPDATE sera_resource SET granted|UPDATE sera_claim SET .*AND state|DELETE .* AND renewals|INSERT INTO sera_claim)/s,
    wait,
  )
  replace(/^START TRANSACTION/, function (next, sql, values) {
    packets.delete(this)
    return next.call(this, sql, values)
  })
  TableConnection.prototype.commit = async function (this: TableConnection) {
    await this.raw.query([...(packets.get(this) ?? []), 'COMMIT'].join(';'), [], this.limitMs)
  }
}

/** An "insert or update" always finds its row. */
function resurrect(store: ClaimStore): ClaimStore {
  return altered(store, {
    async renew(ids, deadline) {
      await store.renew(ids, deadline)
      return new Set(ids)
    },
  })
}
