/** A granted claim, as the library hands it out: held until it is released or lost. */

import type { OwnClaim } from '../claims/own-claim.js'
import type { Session } from '../claims/session.js'
import { SeraError } from '../errors.js'

/**
 * A lock that is held: the result of `acquire()`, `read()` and `write()`.
 *
 * @example
 * await using lock = await sera.mutex('deploy').acquire()
 * await upload(file, { token: lock.token, signal: lock.signal })
 */
export class Lock implements AsyncDisposable {
  /**
   * Fencing token: greater than the token of every earlier holder of this resource. A storage that rejects a token smaller than
   * the greatest it has seen is safe from a former holder that has not noticed its loss yet.
   * @see https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html
   */
  readonly token: number
  /** At a semaphore: the lowest number, from 0, that no other holder had at the grant. */
  readonly slot: number | undefined
  #released: Promise<void> | undefined

  /** @internal */
  constructor(
    /** @internal */
    protected readonly session: Session,
    /** @internal */
    protected readonly ownClaim: OwnClaim,
  ) {
    this.token = ownClaim.seen?.token as number
    this.slot = ownClaim.seen?.slot
    ownClaim.hold()
  }

  /** Aborts with SeraError `lost` when the work must stop: a grace before another participant can get the lock. */
  get signal(): AbortSignal {
    return this.ownClaim.signal
  }

  /** Whether the lock is certainly held now, by a clock that counts suspend. */
  get held(): boolean {
    return !this.#released && !this.signal.aborted && this.session.clock.boot() < this.ownClaim.fence
  }

  /**
   * Releases the lock. Does nothing if the lock was lost or released before.
   *
   * @throws SeraError lock-failed, when the server does not confirm within 5 s; the lock then ends with its lease
   */
  release(): Promise<void> {
    this.#released ??= this.session.leave(this.ownClaim).then(() => {})
    return this.#released
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }
}

/** @throws SeraError lock-failed, when the grant was read so late that its fence has passed */
export async function lockAt(session: Session, ownClaim: OwnClaim): Promise<Lock> {
  const lock = new Lock(session, ownClaim)
  if (lock.held) return lock
  await lock.release().catch(() => {})
  const { kind, name } = ownClaim.key
  throw new SeraError('lock-failed', `${kind} ${name}: the grant came after its fence: server or host too slow`)
}
