/** Idle connections. The last one stays open; the others close after a while. */
import type { Cancel, Clock } from '../../clock.js'
import type { TableConnection } from './table-connection.js'

/** Shorter than an unparked session may be silent, see `session-settings.ts`. */
const IDLE_MS = 1000

export class IdleConnections {
  /** In the order in which they became idle, each with the cancel function of its timer. */
  readonly #idle = new Map<TableConnection, Cancel>()

  constructor(readonly clock: Clock) {}

  /** The most recently used one that is not broken. */
  take(): TableConnection | undefined {
    for (const connection of [...this.#idle.keys()].reverse()) {
      this.#remove(connection)
      if (!connection.raw.isBroken) return connection
    }
    return undefined
  }

  add(connection: TableConnection): void {
    const cancel = this.clock.after(IDLE_MS, () => this.#settle(connection))
    this.#idle.set(connection, cancel)
  }

  /** Closes all of them with COM_QUIT. */
  close(): void {
    for (const connection of this.#removeAll()) connection.raw.close()
  }

  /** Closes all sockets at once. */
  destroy(): void {
    for (const connection of this.#removeAll()) connection.raw.destroy()
  }

  #settle(connection: TableConnection): void {
    if (this.#idle.size === 1) connection.park()
    else {
      this.#remove(connection)
      connection.raw.close()
    }
  }

  #remove(connection: TableConnection): void {
    this.#idle.get(connection)?.()
    this.#idle.delete(connection)
  }

  #removeAll(): TableConnection[] {
    const all = [...this.#idle.keys()]
    for (const connection of all) this.#remove(connection)
    return all
  }
}
