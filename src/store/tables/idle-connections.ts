/** Connections that nothing uses at the moment. The last one stays open; the others close when they have been idle for a while. */
import type { Cancel, Clock } from '../../clock.js'
import type { TableConnection } from './table-connection.js'

/** Less than a session may be silent that is not parked yet, see `session-settings.ts`. */
const IDLE_MS = 1000

export class IdleConnections {
  /** In the order in which they became idle, each with what calls its timer off. */
  readonly #idle = new Map<TableConnection, Cancel>()

  constructor(readonly clock: Clock) {}

  /** The one that was used last and is still sound. */
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

  /** Says goodbye on all of them. */
  close(): void {
    for (const connection of this.#removeAll()) connection.raw.close()
  }

  /** Drops all of them at once. */
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
