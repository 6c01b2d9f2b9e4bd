/** The lock tables in MySQL or MariaDB: every call repeated while that helps, and never longer than its patience. */
import { randomBytes } from 'node:crypto'
import { Calls, type CallsOptions, SEPARATOR } from './calls.js'
import { contendersOf, lookStatements, oldestStatement, READ_CONTENDERS, stateOf, statesOf } from './claim-rows.js'
import type {
  Claim,
  ClaimRequest,
  ClaimState,
  ClaimStore,
  Contender,
  Decision,
  Look,
  Patience,
  ResourceKey,
  ResourceState,
  StepOptions,
  StepResult,
} from './claims.js'
import type { Row } from './connection.js'
import type { Owner } from './owner.js'
import { expiredAt, sightOverdue } from './sightings.js'
import { StepLine } from './step-line.js'
import type { TableConnection } from './table-connection.js'

export interface LockTablesOptions extends CallsOptions {
  owner: Owner
  /** Whether holders whose claims this process reaps leave an entry in the history. */
  keepsHistory?: boolean | undefined
}

/** Ids, or names, in one statement. */
const BATCH = 500

export class LockTables implements ClaimStore {
  readonly processId = randomBytes(8).toString('hex')
  readonly calls: Calls
  /** By resource, while there are any. */
  readonly #lines = new Map<string, StepLine>()

  /** @throws SeraError config */
  constructor(readonly options: LockTablesOptions) {
    this.calls = new Calls(options)
  }

  get owner(): Owner {
    return this.options.owner
  }

  step(
    key: ResourceKey,
    request: ClaimRequest,
    decide: (state: ResourceState, me: Claim) => Decision,
    { join, read, ...patience }: StepOptions,
  ): Promise<StepResult> {
    const { processId } = this
    const { owner = this.owner } = request
    const own = this.calls.key(key)
    const { keepsHistory = false } = this.options
    const step = { key: own, request, decide, join, read, owner, processId, keepsHistory }
    return new Promise((resolve, reject) => this.#line(own).add({ step, patience, resolve, reject }))
  }

  async look(asked: readonly Look[], patience: Patience): Promise<ResourceState[]> {
    const states: ResourceState[] = []
    for (let at = 0; at < asked.length; at += BATCH) {
      states.push(...(await this.#look(asked.slice(at, at + BATCH), patience)))
    }
    return states
  }

  async #look(asked: readonly Look[], patience: Patience): Promise<ResourceState[]> {
    const statements = lookStatements(
      asked.map(({ key, upTo }) => ({ key: this.calls.key(key), upTo })),
      this.processId,
    )
    const rows: Row[] = []
    for (const { sql, values } of statements) {
      rows.push(...(await this.calls.persist(connection => connection.query(sql, values), patience)))
    }
    return statesOf(rows, asked)
  }

  async front(key: ResourceKey, oldest: number, patience: Patience): Promise<ResourceState> {
    const { sql, values } = oldestStatement(this.calls.key(key), oldest)
    const rows = await this.calls.persist(connection => connection.query(sql, values), patience)
    return stateOf(rows, rows.length < oldest ? Number.POSITIVE_INFINITY : Number(rows.at(-1)?.ticket))
  }

  async renew(ids: readonly string[], patience: Patience): Promise<Set<string>> {
    const alive = new Set<string>()
    for (let at = 0; at < ids.length; at += BATCH) {
      const batch = ids.slice(at, at + BATCH)
      const found = await this.calls.persist(connection => renewed(connection, batch), patience, true)
      for (const id of found) alive.add(id)
    }
    return alive
  }

  remove(id: string, patience: Patience, onlyIf?: ClaimState): Promise<boolean | undefined> {
    const sql = `DELETE FROM sera_claim WHERE id = ?${onlyIf ? ' AND state = ?' : ''}`
    return this.calls.persist(async (connection, { doubtfulSince }) => {
      const { rows } = await connection.change(sql, [id, onlyIf])
      if (rows > 0) return true
      return doubtfulSince === undefined ? false : undefined
    }, patience)
  }

  sight(most: number, patience: Patience): Promise<void> {
    return sightOverdue(this.calls, most, patience)
  }

  expired(afterMs: number, most: number, patience: Patience): Promise<ResourceKey[]> {
    return expiredAt(this.calls, afterMs, most, patience)
  }

  async contenders(key: ResourceKey, patience: Patience): Promise<Contender[]> {
    const { kind, name } = this.calls.key(key)
    return contendersOf(
      await this.calls.persist(connection => connection.query(READ_CONTENDERS, [kind, name]), patience),
    )
  }

  rest(): void {
    this.calls.rest()
  }

  async close(): Promise<void> {
    this.calls.close()
  }

  #line(key: ResourceKey): StepLine {
    const name = `${key.kind}${SEPARATOR}${key.name}`
    const line = this.#lines.get(name) ?? new StepLine(this.calls, () => this.#lines.delete(name))
    this.#lines.set(name, line)
    return line
  }
}

const RENEW = `UPDATE sera_claim SET renewals = renewals + 1,
  expires_at = UTC_TIMESTAMP(6) + INTERVAL lease_ms * 1000 MICROSECOND WHERE id IN (?)`

/** Who of these is still there: asked only when somebody is not. */
async function renewed(connection: TableConnection, ids: readonly string[]): Promise<readonly string[]> {
  const { rows } = await connection.change(RENEW, [ids])
  if (rows === ids.length) return ids
  const left = await connection.query('SELECT id FROM sera_claim WHERE id IN (?)', [ids])
  return left.map(({ id }) => String(id))
}
