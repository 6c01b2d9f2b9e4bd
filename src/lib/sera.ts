/** A session, and a factory for the handles of all primitives. */

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
 * A connected session. `connect` makes one, and so does `memory` of `sera/testing`.
 *
 * Each method makes a handle, which asks nothing of the server until it is used. A name has 1 to 255 characters, no control
 * characters, and is compared byte by byte. Each kind has its own names: mutex `a` and gate `a` are two resources.
 *
 * @example
 * await using sera = await connect('sera:secret@tcp(db:3306)/sera')
 * await using lock = await sera.rwlock('catalogue').read({ wait: '5m' })
 */
export class Sera implements AsyncDisposable {
  readonly #session: Session

  /** @internal */
  constructor(session: Session) {
    this.#session = session
  }

  /**
   * A mutex: one holder at a time.
   *
   * @throws SeraError `usage`: the name is not valid
   * @example await using lock = await sera.mutex('deploy').acquire({ wait: '30s' })
   */
  mutex(name: string): Mutex {
    return new Mutex(this.#session, name)
  }

  /**
   * A read/write lock: many readers or one writer.
   *
   * @throws SeraError `usage`: the name is not valid
   * @example await using lock = await sera.rwlock('catalogue').write()
   */
  rwlock(name: string): RwLock {
    return new RwLock(this.#session, name)
  }

  /**
   * A semaphore: at most `permits` units are held at a time. All participants must name the same number.
   *
   * @param permits 1 to 1,000,000
   * @throws SeraError `usage`: an argument is not valid
   * @example await using lock = await sera.semaphore('licences', 3).acquire()
   */
  semaphore(name: string, permits: number): Semaphore {
    return new Semaphore(this.#session, name, permits)
  }

  /**
   * A counter: a number that never falls below zero. It starts at 0 and has no owner.
   *
   * @throws SeraError `usage`: the name is not valid
   * @example const left = await sera.counter('seats').add(-2)
   */
  counter(name: string): Counter {
    return new Counter(this.#session, name)
  }

  /**
   * A barrier: it blocks until `count` participants have arrived. All participants must name the same count.
   *
   * @param count 1 to 1,000,000
   * @throws SeraError `usage`: an argument is not valid
   * @example await sera.barrier('shards ready', 8).arrive({ tag: 'shard-3' })
   */
  barrier(name: string, count: number, options: BarrierOptions = {}): Barrier {
    return new Barrier(this.#session, name, count, options)
  }

  /**
   * A gate: `wait()` blocks while the gate is closed. A new gate is open.
   *
   * @throws SeraError `usage`: the name is not valid
   * @example await sera.gate('maintenance').wait()
   */
  gate(name: string): Gate {
    return new Gate(this.#session, name)
  }

  /**
   * A double barrier: `count` participants start together and leave together.
   *
   * @param count 1 to 1,000,000
   * @throws SeraError `usage`: an argument is not valid
   * @example await using party = await sera.doubleBarrier('load test', 5).enter()
   */
  doubleBarrier(name: string, count: number): DoubleBarrier {
    return new DoubleBarrier(this.#session, name, count)
  }

  /**
   * Work that succeeds at most once for the key, or once in a period.
   *
   * @throws SeraError `usage`: an argument is not valid, or `keep` is shorter than `per`
   * @example const { value } = await sera.once('report', { per: '1d' }).run(makeReport)
   */
  once(key: string, options: OnceOptions = {}): Once {
    return new Once(this.#session, key, options)
  }

  /**
   * A rendezvous: participants of an event whose selectors accept each other meet.
   *
   * @throws SeraError `usage`: an argument is not valid
   * @example await sera.rendezvous('deploy', { actor: 'web-1' }).meet({ payload: 'http://web-1' })
   */
  rendezvous(event: string, options: RendezvousOptions): Rendezvous {
    return new Rendezvous(this.#session, event, options)
  }

  /**
   * Ends the session. Every wait rejects with SeraError `lock-failed`. The signal of every lock that is still held aborts with
   * SeraError `lost`; then the lock is released, and the next waiter gets it. So end the work under a lock before you close.
   * If the server can't be reached within 5 s, the locks end with their leases.
   */
  close(): Promise<void> {
    return this.#session.close()
  }

  /** The same as `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
