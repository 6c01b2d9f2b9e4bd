/** The engine `auto`: GET_LOCK, and a lease on the clusters where GET_LOCK excludes nobody. */
import type { HeldLock, Holder, MutexEngine, OnQueued, Queue } from '../claims/lock.js'
import type { Deadline } from '../deadline.js'
import { UnsupportedServer } from '../store/get-lock/server-support.js'

export class AutoMutex implements MutexEngine {
  #chosen: MutexEngine

  constructor(
    getLock: MutexEngine,
    /** Opens the other engine; the first is closed by then. */
    readonly lease: () => Promise<MutexEngine>,
  ) {
    this.#chosen = getLock
  }

  acquire(deadline: Deadline, onQueued?: OnQueued): Promise<HeldLock | undefined> {
    return this.#try(mutex => mutex.acquire(deadline, onQueued))
  }

  awaitFree(deadline: Deadline): Promise<boolean> {
    return this.#try(mutex => mutex.awaitFree(deadline))
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

  async #try<T>(work: (mutex: MutexEngine) => Promise<T>): Promise<T> {
    try {
      return await work(this.#chosen)
    } catch (error) {
      if (!(error instanceof UnsupportedServer && error.leasable)) throw error
      this.#chosen.close()
      this.#chosen = await this.lease()
      return await work(this.#chosen)
    }
  }
}
