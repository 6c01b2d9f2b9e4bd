/** The lock tables in MySQL or MariaDB: every call repeated while that helps, and never longer than its patience. */
import { randomBytes } from 'node:crypto'
import { type Clock, sleep } from '../clock.js'
import type { Dsn } from '../config/dsn.js'
import { formatDuration } from '../config/duration.js'
import { SeraError } from '../errors.js'
import { contendersOf, lookStatements, READ_CONTENDERS, statesOf } from './claim-rows.js'
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
import type { Attributes, Row } from './connection.js'
import { Members } from './members.js'
import type { Owner } from './owner.js'
import { backoff, explain, isContention, isTransient } from './retry.js'
import { runStep } from './step.js'
import type { Facts, TableConnection } from './table-connection.js'

export interface LockTablesOptions {
  /** One server, or the members of one cluster. */
  servers: readonly Dsn[]
  owner: Owner
  attributes: Attributes
  leaseMs: number
  /** How long transient failures are retried, ms. */
  connectWaitMs: number
  /** Keeps clusters apart that share the tables; '' is none. */
  namespace: string
  clock: Clock
  random: () => number
  /** Told once of what is sound but unwise. */
  warn?: ((message: string) => void) | undefined
}

/** Healthy members stall that long when one is lost (measured, with the defaults of either). */
const SHORTEST_LEASE_MS = { galera: 15_000, group: 30_000 }

/** Rivals pass sooner than a server comes back, and those who don't wait meet them, too. */
const CONTENTION_MS = 5000

/** What a call may take: always less than a third of a lease, and no longer than a person waits after Ctrl-C. */
const LONGEST_CALL_MS = 10_000

/** Ids in one statement. */
const BATCH = 500

/** Between a namespace and a name; neither can contain it. */
const SEPARATOR = '\0'

/** Characters that the tables have room for, beside a name's. */
const LONGEST_NAMESPACE = 64

/** @throws SeraError config */
export function openLockTables(options: LockTablesOptions): ClaimStore {
  const { length } = [...options.namespace]
  if (length <= LONGEST_NAMESPACE) return new LockTables(options)
  const problem = `the namespace has ${length} characters; the lock tables have room for ${LONGEST_NAMESPACE}`
  throw new SeraError('config', problem)
}

class LockTables implements ClaimStore {
  readonly processId = randomBytes(8).toString('hex')
  readonly #members: Members
  /** By resource: settles when the last of its steps has. */
  readonly #lines = new Map<string, Promise<void>>()
  #hasWarned = false

  constructor(readonly options: LockTablesOptions) {
    const { servers, attributes, leaseMs } = options
    this.#members = new Members(servers, {
      attributes,
      callLimitMs: Math.min(leaseMs / 4, LONGEST_CALL_MS),
      idleLimitMs: leaseMs,
      learned: facts => this.#warn(facts),
    })
  }

  step(
    key: ResourceKey,
    request: ClaimRequest,
    decide: (state: ResourceState, me: Claim) => Decision,
    { join, read, ...patience }: StepOptions,
  ): Promise<StepResult> {
    const { owner, clock } = this.options
    const step = { key: this.#key(key), request, decide, join, read, owner, processId: this.processId }
    return this.#inLine(step.key, () =>
      this.#persist(async (connection, attempt) => {
        // an earlier attempt may have put the claim where a look at the front would miss it
        const again = attempt === 1 ? {} : { read: 'all' as const }
        return await runStep(connection, { ...step, ...again, sentAt: clock.boot() })
      }, patience),
    )
  }

  async look(asked: readonly Look[], patience: Patience): Promise<ResourceState[]> {
    const statements = lookStatements(asked.map(({ key, upTo }) => ({ key: this.#key(key), upTo })))
    const rows: Row[] = []
    for (const { sql, values } of statements) {
      rows.push(...(await this.#persist(connection => connection.query(sql, values), patience)))
    }
    return statesOf(rows, asked)
  }

  async renew(ids: readonly string[], patience: Patience): Promise<Set<string>> {
    const alive = new Set<string>()
    for (let at = 0; at < ids.length; at += BATCH) {
      const batch = ids.slice(at, at + BATCH)
      const found = await this.#persist(connection => renewed(connection, batch), patience, true)
      for (const id of found) alive.add(id)
    }
    return alive
  }

  async remove(id: string, patience: Patience, onlyIf?: ClaimState): Promise<boolean> {
    const sql = `DELETE FROM sera_claim WHERE id = ?${onlyIf ? ' AND state = ?' : ''}`
    const { rows } = await this.#persist(connection => connection.change(sql, [id, onlyIf]), patience)
    return rows > 0
  }

  async contenders(key: ResourceKey, patience: Patience): Promise<Contender[]> {
    const { kind, name } = this.#key(key)
    return contendersOf(await this.#persist(connection => connection.query(READ_CONTENDERS, [kind, name]), patience))
  }

  #warn({ cluster }: Facts): void {
    const { leaseMs, warn } = this.options
    if (!cluster || leaseMs >= SHORTEST_LEASE_MS[cluster] || this.#hasWarned) return
    this.#hasWarned = true
    const [lease, least] = [leaseMs, SHORTEST_LEASE_MS[cluster]].map(formatDuration)
    warn?.(
      `a lease of ${lease} is short for a cluster, whose members stall when one is lost; make it ${least} or longer`,
    )
  }

  rest(): void {
    this.#members.rest()
  }

  async close(): Promise<void> {
    this.#members.close()
  }

  #key({ kind, name }: ResourceKey): ResourceKey {
    const { namespace } = this.options
    return { kind, name: namespace === '' ? name : `${namespace}${SEPARATOR}${name}` }
  }

  /** The steps of one resource would only wait for each other at the server: there they stand in line one a process. */
  async #inLine<T>({ kind, name }: ResourceKey, work: () => Promise<T>): Promise<T> {
    const line = `${kind}${SEPARATOR}${name}`
    const mine = (this.#lines.get(line) ?? Promise.resolve()).then(work)
    const settled = mine.then(
      () => {},
      () => {},
    )
    this.#lines.set(line, settled)
    try {
      return await mine
    } finally {
      if (this.#lines.get(line) === settled) this.#lines.delete(line)
    }
  }

  /** Tries again what may pass, on every member at least once, for as long as the caller has patience. */
  async #persist<T>(
    work: (connection: TableConnection, attempt: number) => Promise<T>,
    patience: Patience,
    urgent = false,
  ): Promise<T> {
    const { clock, connectWaitMs, random, servers } = this.options
    const failingSince = clock.now()
    const until = Math.min(patience.until, failingSince + connectWaitMs)
    for (let attempt = 1; ; attempt++) {
      patience.signal?.throwIfAborted()
      const where = this.#members.name
      try {
        return await this.#members.use(connection => work(connection, attempt), urgent)
      } catch (error) {
        if (error instanceof SeraError) throw error
        const pause = backoff(Math.max(1, attempt - servers.length), random)
        const limit = isContention(error) ? Math.max(until, failingSince + CONTENTION_MS) : until
        const isOver = clock.now() + pause >= limit && attempt >= servers.length
        if (!isTransient(error) || isOver) throw failed(where, error)
        if (attempt >= servers.length || isContention(error)) await sleep(pause, patience.signal)
      }
    }
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

function failed(where: string, cause: unknown): SeraError {
  return new SeraError('lock-failed', `the lock tables at ${where} can't be used: ${explain(cause)}`, { cause })
}
