/**
 * Breaks the safety rules of the lock tables, one at a time: a harness that does not notice a broken rule does not test
 * it. Replaced methods of src/ break the rule, only in the clients' process.
 */
import { randomBytes } from 'node:crypto'
import mysql from 'mysql2'
import { FailureDetector } from '../../../../src/claims/failure-detector.js'
import type { ClaimStore } from '../../../../src/claims/model.js'
import { SeraError } from '../../../../src/errors.js'
import { isContention } from '../../../../src/store/mysql/retry.js'
import { TableConnection } from '../../../../src/store/tables/table-connection.js'
import { altered } from './altered-store.js'
import type { ClientOptions } from './client-options.js'

export type BrokenRule =
  /** Continues to work after the proof of the lock has expired. */
  | 'no self-fencing'
  /** A claim is dead when its lease has ended by the server's clock. */
  | 'expiry by the server clock'
  /** Treats a COMMIT without an answer as done. */
  | 'unknown taken for done'
  /** Treats a COMMIT without an answer as not done, and repeats the step as a new one. */
  | 'unknown taken for not done'
  /** Deletes a claim that an earlier read showed as dead, without checking its renewals again. */
  | 'reap without looking again'
  /** Reads the resource before it decides, and does not lock it. */
  | 'grant without bump'
  /** Sends the writes of a step in one packet with its COMMIT, and reads the last answer only. */
  | 'several statements a packet'
  /** A renewal restores a deleted claim. */
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
      return { ...INTACT, store: repeatUnderNewId }
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

type ChangeRows = TableConnection['change']

type Instead = (this: TableConnection, next: ChangeRows, sql: string, values: unknown[]) => ReturnType<ChangeRows>

/** Replaces the statements that match. */
function replace(pattern: RegExp, instead: Instead): void {
  const { change } = TableConnection.prototype
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

/** Repeats an unanswered step under a new id, as if the server made the ids. */
function repeatUnderNewId(store: ClaimStore): ClaimStore {
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

/** Deletes a claim that its reads showed unchanged for a lease, without checking it again. */
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

/** Sends the writes of a step together with its COMMIT, and assumes that each changes its row. */
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

/** An "insert or update" always finds a row. */
function resurrect(store: ClaimStore): ClaimStore {
  return altered(store, {
    async renew(ids, deadline) {
      await store.renew(ids, deadline)
      return new Set(ids)
    },
  })
}
