/**
 * Calls to the lock tables: each repeated while that helps, on every member of the cluster, and never longer than the
 * caller's patience. Every caller sees to it that a repetition is harmless.
 */

import type { ResourceKey } from '../../claims/model.js'
import { type Clock, type Random, sleep } from '../../clock.js'
import type { Dsn } from '../../config/dsn.js'
import { formatDuration } from '../../config/duration.js'
import type { Deadline } from '../../deadline.js'
import { SeraError, type SeraErrorKind } from '../../errors.js'
import { backoff } from '../../network-errors.js'
import type { Attributes } from '../mysql/connection.js'
import { explain, isContention, isTransient } from '../mysql/retry.js'
import { ClusterPool } from './cluster-pool.js'
import type { ServerTraits, TableConnection } from './table-connection.js'
import { Tries } from './tries.js'

export interface RetryingClientOptions {
  /** One server, or the members of one cluster. */
  servers: readonly Dsn[]
  attributes: Attributes
  leaseMs: number
  /** How long transient failures are retried, ms. */
  connectWaitMs: number
  /** Keeps clusters apart that share the tables; '' is none. */
  namespace: string
  clock: Clock
  random: Random
  /** The tables are to be changed: they may be missing, or of another version. */
  anySchema?: boolean | undefined
  /** Looks only: at any server, also one that is read-only or has no tables, of which it makes none. */
  onlyReads?: boolean | undefined
  /** Told once of what is sound but unwise. */
  warn?: ((message: string) => void) | undefined
  /** Told of each try that the server or the way to it has failed, also when it is repeated; not of quicker rivals. */
  failed?: ((error: unknown) => void) | undefined
}

export interface PersistOptions {
  /** It waits for no connection. */
  urgent?: boolean
  /** Of a waiter's step, see StepOptions. */
  withinMs?: number | undefined
}

/** Healthy members stall that long when one is lost (measured, with the defaults of either). */
export const SHORTEST_LEASE_MS = { galera: 15_000, group: 30_000 }

/** What a call may take: always less than a third of a lease, and no longer than a person waits after Ctrl-C. */
const LONGEST_CALL_MS = 10_000

/** Between a namespace and a name; neither can contain it. */
export const SEPARATOR = '\0'

/** Characters that the tables have room for, beside a name's. */
const LONGEST_NAMESPACE = 64

export class RetryingClient {
  readonly #pool: ClusterPool
  #hasWarned = false

  /** @throws SeraError config */
  constructor(readonly options: RetryingClientOptions) {
    const { servers, attributes, clock, leaseMs, anySchema, onlyReads } = options
    checkNamespace(options.namespace)
    this.#pool = new ClusterPool(servers, {
      attributes,
      clock,
      callLimitMs: Math.min(leaseMs / 4, LONGEST_CALL_MS),
      idleLimitMs: leaseMs,
      anySchema,
      onlyReads,
      onTraits: facts => this.#warn(facts),
    })
  }

  /** A resource as the tables know it, whose names begin with the namespace. */
  key({ kind, name }: ResourceKey): ResourceKey {
    const { namespace } = this.options
    return { kind, name: namespace === '' ? name : `${namespace}${SEPARATOR}${name}` }
  }

  /** Describes the member in use, for messages. */
  get server(): string {
    return this.#pool.name
  }

  /** Tries again what may pass, on every member at least once, for as long as the caller has patience. @throws SeraError lock-failed */
  async persist<T>(
    work: (connection: TableConnection, tries: Tries) => Promise<T>,
    deadline: Deadline,
    { urgent = false, withinMs }: PersistOptions = {},
  ): Promise<T> {
    const { clock, connectWaitMs, random, servers } = this.options
    const tries = new Tries(clock, deadline, connectWaitMs, withinMs)
    for (;;) {
      deadline.signal?.throwIfAborted()
      tries.begin()
      const where = this.#pool.name
      try {
        return await this.#pool.use(connection => tries.note(work(connection, tries)), urgent)
      } catch (error) {
        const { count } = tries
        if (!isContention(error) && kindOf(error) !== 'conflict') this.options.failed?.(error)
        if (error instanceof SeraError) throw error
        const pause = backoff(Math.max(1, count - servers.length), random)
        const isOver = clock.now() + pause >= tries.giveUpAt(error) && count >= servers.length
        if (!isTransient(error) || isOver) throw failed(where, error)
        if (count >= servers.length || isContention(error)) await sleep(clock, pause, deadline.signal)
      }
    }
  }

  rest(): void {
    this.#pool.rest()
  }

  close(): void {
    this.#pool.close()
  }

  #warn({ cluster }: ServerTraits): void {
    const { leaseMs, warn } = this.options
    if (!cluster || leaseMs >= SHORTEST_LEASE_MS[cluster] || this.#hasWarned) return
    this.#hasWarned = true
    const [lease, least] = [leaseMs, SHORTEST_LEASE_MS[cluster]].map(formatDuration)
    warn?.(
      `a lease of ${lease} is short for a cluster, whose members stall when one is lost; make it ${least} or longer`,
    )
  }
}

function kindOf(error: unknown): SeraErrorKind | undefined {
  return error instanceof SeraError ? error.kind : undefined
}

function checkNamespace(namespace: string): void {
  const { length } = [...namespace]
  if (length <= LONGEST_NAMESPACE) return
  const problem = `the namespace has ${length} characters; the lock tables have room for ${LONGEST_NAMESPACE}`
  throw new SeraError('config', problem)
}

function failed(where: string, cause: unknown): SeraError {
  return new SeraError('lock-failed', `the lock tables at ${where} can't be used: ${explain(cause)}`, { cause })
}
