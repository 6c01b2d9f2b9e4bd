/**
 * Connections to the members of one cluster, or to a single server. They open on demand and close when idle, except the
 * last one. One member serves until it fails; then sera tries the next.
 */
import { type Dsn, describeDsn } from '../../config/dsn.js'
import { SeraError } from '../../errors.js'
import { errorCode, explain, isContention } from '../mysql/retry.js'
import { IdleConnections } from './idle-connections.js'
import { TableConnection, type TableServer } from './table-connection.js'

/** Connections at once, for all waits of a process; renewals do not count. */
const MOST = 8

export class ClusterPool {
  #at = 0
  #open = 0
  #known = false
  #closed = false
  readonly #idle: IdleConnections
  readonly #waiting: (() => void)[] = []

  constructor(
    readonly dsns: readonly Dsn[],
    readonly server: TableServer,
  ) {
    this.#idle = new IdleConnections(server.clock)
  }

  /** Describes the member in use, for messages. */
  get name(): string {
    return describeDsn(this.#dsn)
  }

  /** Runs one piece of work on one connection. A failure other than contention closes the connection. */
  async use<T>(work: (connection: TableConnection) => Promise<T>, urgent = false): Promise<T> {
    if (!urgent) await this.#awaitTurn()
    this.#open++
    try {
      const connection = await this.#take()
      try {
        const result = await work(connection)
        this.#giveBack(connection)
        return result
      } catch (error) {
        if (isSound(error) && !connection.raw.isBroken) this.#giveBack(connection)
        else {
          connection.raw.destroy()
          this.#leave(connection.dsn)
        }
        throw error
      }
    } finally {
      this.#open--
      this.#waiting.shift()?.()
    }
  }

  /** Closes the idle connections: nothing will be asked for a while. */
  rest(): void {
    this.#idle.close()
  }

  close(): void {
    this.#closed = true
    this.rest()
  }

  /**
   * A member has failed; its idle connections are dropped. Later failures of the same member, from work that was under
   * way, are ignored: they say nothing about the member now in use.
   */
  #leave(dsn: Dsn): void {
    if (dsn !== this.#dsn) return
    this.#idle.destroy()
    this.#at = (this.#at + 1) % this.dsns.length
  }

  get #dsn(): Dsn {
    return this.dsns[this.#at] as Dsn
  }

  async #awaitTurn(): Promise<void> {
    while (this.#open >= MOST) await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  async #take(): Promise<TableConnection> {
    const idle = this.#idle.take()
    if (idle) return idle
    const dsn = this.#dsn
    try {
      const connection = await TableConnection.open(dsn, this.server)
      if (connection.facts.isReadOnly && !this.server.onlyReads) this.#refuse(connection)
      this.#known = true
      return connection
    } catch (error) {
      this.#leave(dsn)
      throw error
    }
  }

  /** A failover, if the pool has worked before or has several members: try again. Otherwise it is the wrong server. */
  #refuse(connection: TableConnection): never {
    connection.raw.destroy()
    const cause = Object.assign(new Error('read-only'), { code: 'ER_OPTION_PREVENTS_STATEMENT' })
    if (this.#known || this.dsns.length > 1) throw cause
    throw new SeraError('lock-failed', `${this.name} can't hold locks: ${explain(cause)}; name the primary`, { cause })
  }

  #giveBack(connection: TableConnection): void {
    if (connection.dsn !== this.#dsn) {
      connection.raw.close()
      return
    }
    this.#idle.add(connection)
    if (this.#closed) this.rest()
  }
}

/**
 * Errors after which the connection and the member remain usable. A lock wait timeout is none of them: on a primary
 * that is cut off from its group a COMMIT hangs with its row locked, and every other step waits behind it.
 */
function isSound(error: unknown): boolean {
  if (errorCode(error) === 'ER_LOCK_WAIT_TIMEOUT') return false
  return isContention(error) || error instanceof SeraError
}
