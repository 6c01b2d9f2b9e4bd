/**
 * Connections to the members of one cluster, or to the one server there is: opened when needed, and closed when idle, all but the
 * last. One member serves until it fails; then the next is tried.
 */
import { type Dsn, describeDsn } from '../../config/dsn.js'
import { SeraError } from '../../errors.js'
import { errorCode, explain, isContention } from '../mysql/retry.js'
import { IdleConnections } from './idle-connections.js'
import { TableConnection, type TableServer } from './table-connection.js'

/** At once, for all that a process waits for; renewals don't wait for one of these. */
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

  /** Does one piece of work on one connection. What fails other than by contention takes the connection with it. */
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

  /** Nothing will be asked for a while: the idle connections go back to the server. */
  rest(): void {
    this.#idle.close()
  }

  close(): void {
    this.#closed = true
    this.rest()
  }

  /**
   * A member has failed; connections to it are not to be trusted either. What fails there later, of several pieces of work that were
   * under way, is no news, and says nothing of the member that serves by now.
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

  /** For who has worked here before, it may be a failover; for who comes new, it is the wrong server. */
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
 * Errors that leave the connection, and the member, as good as before. A row that stays locked is none of them: on a primary that is
 * cut off from its group a COMMIT hangs for as long as that lasts, with the row, and everybody else waits behind it.
 */
function isSound(error: unknown): boolean {
  if (errorCode(error) === 'ER_LOCK_WAIT_TIMEOUT') return false
  return isContention(error) || error instanceof SeraError
}
