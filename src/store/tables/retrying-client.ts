/**
 * Calls to the lock tables. A call is repeated while that helps, on every member of the cluster, until the caller's
 * deadline. Each caller makes its repetition harmless.
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
  /** Separates clusters that share the tables; '' is none. */
  namespace: string
  clock: Clock
  random: Random
  /** The caller changes the tables: they may be missing, or of another version. */
  anySchema?: boolean | undefined
  /** The caller only reads: the server may be read-only, and missing tables are not created. */
  onlyReads?: boolean | undefined
  /** Called once with a warning about an unwise configuration. */
  warn?: ((message: string) => void) | undefined
  /** Called for each try in which the server or the network failed, also if it is repeated; not for contention. */
  failed?: ((error: unknown) => void) | undefined
}

export interface PersistOptions {
  /** Does not wait for a free connection. */
  urgent?: boolean
  /** For a waiter's step, see StepOptions. */
  withinMs?: number | undefined
}

/** Healthy members stall this long when one is lost (measured, with the defaults of each cluster). */
export const SHORTEST_LEASE_MS = { galera: 15_000, group: 30_000 }

/** A call takes at most a quarter of a lease, and no longer than a person waits after Ctrl-C. */
const LONGEST_CALL_MS = 10_000

/** Between a namespace and a name; neither can contain it. */
export const SEPARATOR = '\0'

/** Characters that the tables have room for, in addition to a name. */
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

  /** The resource's key in the tables, whose names begin with the namespace. */
  key({ kind, name }: ResourceKey): ResourceKey {
    const { namespace } = this.options
    return { kind, name: namespace === '' ? name : `${namespace}${SEPARATOR}${name}` }
  }

  /** Describes the member in use, for messages. */
  get server(): string {
    return this.#pool.name
  }

  /** Runs `work` until the deadline, on every member at least once, while it fails transiently. @throws SeraError lock-failed */
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
      `a lease of ${lease} is short for a cluster, whose members stall when one is lost; set it to ${least} or longer`,
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
