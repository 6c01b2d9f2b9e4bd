/** One participant's way to all primitives. */

import type { Session } from '../claims/session.js'
import { Barrier, type BarrierOptions } from '../primitives/barrier.js'
import { Counter } from '../primitives/counter.js'
import { DoubleBarrier } from '../primitives/double-barrier.js'
import { Gate } from '../primitives/gate.js'
import { Mutex } from '../primitives/mutex.js'
import { Once, type OnceOptions } from '../primitives/once/once.js'
import { Rendezvous, type RendezvousOptions } from '../primitives/rendezvous/rendezvous.js'
import { RwLock } from '../primitives/rwlock.js'
import { Semaphore } from '../primitives/semaphore.js'

/**
 * Made by `connect`, or by `memory` of `sera/testing`. Handles cost nothing until they are used. Names have 1 to 255 characters
 * and are compared byte by byte; each kind has names of its own.
 */
export class Sera implements AsyncDisposable {
  readonly #session: Session

  /** @internal */
  constructor(session: Session) {
    this.#session = session
  }

  /** One holder at a time. @throws SeraError usage */
  mutex(name: string): Mutex {
    return new Mutex(this.#session, name)
  }

  /** Many readers or one writer. @throws SeraError usage */
  rwlock(name: string): RwLock {
    return new RwLock(this.#session, name)
  }

  /** At most `permits` units held at a time, 1 to 1,000,000. @throws SeraError usage */
  semaphore(name: string, permits: number): Semaphore {
    return new Semaphore(this.#session, name, permits)
  }

  /** A number that never gets below zero. @throws SeraError usage */
  counter(name: string): Counter {
    return new Counter(this.#session, name)
  }

  /** Holds `count` participants up until all of them are there; 1 to 1,000,000. @throws SeraError usage */
  barrier(name: string, count: number, options: BarrierOptions = {}): Barrier {
    return new Barrier(this.#session, name, count, options)
  }

  /** Lets pass while it is open. @throws SeraError usage */
  gate(name: string): Gate {
    return new Gate(this.#session, name)
  }

  /** `count` participants start together and leave together; 1 to 1,000,000. @throws SeraError usage */
  doubleBarrier(name: string, count: number): DoubleBarrier {
    return new DoubleBarrier(this.#session, name, count)
  }

  /** What at most one participant does successfully, ever or in a period. @throws SeraError usage */
  once(key: string, options: OnceOptions = {}): Once {
    return new Once(this.#session, key, options)
  }

  /** Meets those of an event who suit it, and whom it suits. @throws SeraError usage */
  rendezvous(event: string, options: RendezvousOptions): Rendezvous {
    return new Rendezvous(this.#session, event, options)
  }

  /**
   * Breaks off every wait (SeraError `lock-failed`), gives back every lock that is still held, and closes the connections. The signal of
   * such a lock aborts (SeraError `lost`) right before that. Work that must not overlap with the next holder's has to end before
   * `close()` is called. Where the server can't be told within 5 s, the lease ends the lock.
   */
  close(): Promise<void> {
    return this.#session.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
