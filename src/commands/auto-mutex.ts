/** The engine `auto`: GET_LOCK, and a lease on the clusters where GET_LOCK excludes nobody. */
import type { HeldLock, Holder, Mutex, Queue, Wait } from '../store/port.js'
import { VoidServer } from '../store/void-server.js'

export class AutoMutex implements Mutex {
  #chosen: Mutex

  constructor(
    getLock: Mutex,
    /** Opens the other engine; the first is closed by then. */
    readonly lease: () => Promise<Mutex>,
  ) {
    this.#chosen = getLock
  }

  acquire(wait: Wait): Promise<HeldLock | undefined> {
    return this.#try(mutex => mutex.acquire(wait))
  }

  awaitFree(wait: Wait): Promise<boolean> {
    return this.#try(mutex => mutex.awaitFree(wait))
  }

  holder(): Promise<Holder | undefined> {
    return this.#chosen.holder()
  }

  async queue(): Promise<Queue | undefined> {
    return await this.#chosen.queue?.()
  }

  close(): void {
    this.#chosen.close()
  }

  async #try<T>(work: (mutex: Mutex) => Promise<T>): Promise<T> {
    try {
      return await work(this.#chosen)
    } catch (error) {
      if (!(error instanceof VoidServer && error.leasable)) throw error
      this.#chosen.close()
      this.#chosen = await this.lease()
      return await work(this.#chosen)
    }
  }
}
