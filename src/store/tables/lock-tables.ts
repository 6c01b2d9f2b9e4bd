/** The lock tables in MySQL or MariaDB: every call is repeated while that helps, but not past its deadline. */
import type {
  Claim,
  ClaimRequest,
  ClaimState,
  ClaimStore,
  ClaimWithOwner,
  Decision,
  LookRequest,
  ResourceKey,
  ResourceState,
  StepOptions,
  StepResult,
} from '../../claims/model.js'
import type { Owner } from '../../claims/owner.js'
import type { Deadline } from '../../deadline.js'
import type { Row } from '../mysql/connection.js'
import { claimsWithOwnerOf, lookStatements, oldestStatement, READ_WITH_OWNER, stateOf, statesOf } from './claim-sql.js'
import { newProcessId } from './process-id.js'
import { RetryingClient, type RetryingClientOptions, SEPARATOR } from './retrying-client.js'
import { expiredAt, sightOverdue } from './sightings.js'
import { StepQueue } from './step-queue.js'
import type { TableConnection } from './table-connection.js'

export interface LockTablesOptions extends RetryingClientOptions {
  owner: Owner
  /** Whether reaping the claim of a holder adds an entry to the history. */
  keepsHistory?: boolean | undefined
}

/** Ids or names in one statement. */
const BATCH = 500

export class LockTables implements ClaimStore {
  readonly processId: string
  readonly client: RetryingClient
  /** The queue of each resource that has steps. */
  readonly #queues = new Map<string, StepQueue>()

  /** @throws SeraError config */
  constructor(readonly options: LockTablesOptions) {
    this.processId = newProcessId(options.random)
    this.client = new RetryingClient(options)
  }

  get owner(): Owner {
    return this.options.owner
  }

  step(
    key: ResourceKey,
    request: ClaimRequest,
    decide: (state: ResourceState, me: Claim) => Decision,
    { join, read, withinMs, ...deadline }: StepOptions,
  ): Promise<StepResult> {
    const { processId } = this
    const { owner = this.owner } = request
    const own = this.client.key(key)
    const { keepsHistory = false } = this.options
    const step = { key: own, request, decide, join, read, owner, processId, keepsHistory }
    return new Promise((resolve, reject) => this.#queueOf(own).add({ step, deadline, withinMs, resolve, reject }))
  }

  async look(asked: readonly LookRequest[], deadline: Deadline): Promise<ResourceState[]> {
    const states: ResourceState[] = []
    for (let at = 0; at < asked.length; at += BATCH) {
      states.push(...(await this.#look(asked.slice(at, at + BATCH), deadline)))
    }
    return states
  }

  async #look(asked: readonly LookRequest[], deadline: Deadline): Promise<ResourceState[]> {
    const statements = lookStatements(
      asked.map(({ key, upTo }) => ({ key: this.client.key(key), upTo })),
      this.processId,
    )
    const rows: Row[] = []
    for (const { sql, values } of statements) {
      rows.push(...(await this.client.persist(connection => connection.query(sql, values), deadline)))
    }
    return statesOf(rows, asked)
  }

  async front(key: ResourceKey, oldest: number, deadline: Deadline): Promise<ResourceState> {
    const { sql, values } = oldestStatement(this.client.key(key), oldest)
    const rows = await this.client.persist(connection => connection.query(sql, values), deadline)
    return stateOf(rows, rows.length < oldest ? Number.POSITIVE_INFINITY : Number(rows.at(-1)?.ticket))
  }

  async renew(ids: readonly string[], deadline: Deadline): Promise<Set<string>> {
    const alive = new Set<string>()
    for (let at = 0; at < ids.length; at += BATCH) {
      const batch = ids.slice(at, at + BATCH)
      const found = await this.client.persist(connection => renewed(connection, batch), deadline, { urgent: true })
      for (const id of found) alive.add(id)
    }
    return alive
  }

  remove(id: string, deadline: Deadline, onlyIf?: ClaimState): Promise<boolean | undefined> {
    const sql = `DELETE FROM sera_claim WHERE id = ?${onlyIf ? ' AND state = ?' : ''}`
    return this.client.persist(async (connection, { doubtfulSince }) => {
      const { rows } = await connection.change(sql, [id, onlyIf])
      if (rows > 0) return true
      return doubtfulSince === undefined ? false : undefined
    }, deadline)
  }

  sight(most: number, deadline: Deadline): Promise<void> {
    return sightOverdue(this.client, most, deadline)
  }

  expired(afterMs: number, most: number, deadline: Deadline): Promise<ResourceKey[]> {
    return expiredAt(this.client, afterMs, most, deadline)
  }

  async listClaims(key: ResourceKey, deadline: Deadline): Promise<ClaimWithOwner[]> {
    const { kind, name } = this.client.key(key)
    return claimsWithOwnerOf(
      await this.client.persist(connection => connection.query(READ_WITH_OWNER, [kind, name]), deadline),
    )
  }

  rest(): void {
    this.client.rest()
  }

  async close(): Promise<void> {
    this.client.close()
  }

  #queueOf(key: ResourceKey): StepQueue {
    const name = `${key.kind}${SEPARATOR}${key.name}`
    const queue = this.#queues.get(name) ?? new StepQueue(this.client, () => this.#queues.delete(name))
    this.#queues.set(name, queue)
    return queue
  }
}

const RENEW = `UPDATE sera_claim SET renewals = renewals + 1,
  expires_at = UTC_TIMESTAMP(6) + INTERVAL lease_ms * 1000 MICROSECOND WHERE id IN (?)`

/** Renews these claims. @returns those that still exist, which takes a second statement only if one is missing */
async function renewed(connection: TableConnection, ids: readonly string[]): Promise<readonly string[]> {
  const { rows } = await connection.change(RENEW, [ids])
  if (rows === ids.length) return ids
  const left = await connection.query('SELECT id FROM sera_claim WHERE id IN (?)', [ids])
  return left.map(({ id }) => String(id))
}
