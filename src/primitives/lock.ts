/** A claim that has been granted, for whoever works under it: it is held until it is released, or lost. */

import type { OwnClaim } from '../claims/own-claim.js'
import type { Session } from '../claims/session.js'
import { SeraError } from '../errors.js'

/**
 * @example
 * await using lock = await sera.mutex('deploy').acquire()
 * await upload(file, { token: lock.token, signal: lock.signal })
 */
export class Lock implements AsyncDisposable {
  /**
   * Fencing token: greater than that of every earlier holder of this resource. A storage that refuses what comes with
   * a smaller one than it has seen is safe from holders who don't know yet that they have lost.
   * @see https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html
   */
  readonly token: number
  /** At a semaphore: the lowest number, from 0, that no other holder had. */
  readonly slot: number | undefined
  #released: Promise<void> | undefined

  /** @internal */
  constructor(
    protected readonly session: Session,
    protected readonly ownClaim: OwnClaim,
  ) {
    this.token = ownClaim.seen?.token as number
    this.slot = ownClaim.seen?.slot
    ownClaim.hold()
  }

  /** Aborts with SeraError `lost` when the work has to stop: a grace before anybody else can have the lock. */
  get signal(): AbortSignal {
    return this.ownClaim.signal
  }

  /** Whether the lock can be relied on now, by a clock that goes on while the machine is suspended. */
  get held(): boolean {
    return !this.#released && !this.signal.aborted && this.session.clock.boot() < this.ownClaim.fence
  }

  /**
   * Gives the lock to the next. A lock that was lost, or released before, is released already.
   *
   * @throws SeraError lock-failed, when the server can't be told within 5 s; then the lock's lease ends it
   */
  release(): Promise<void> {
    this.#released ??= this.session.leave(this.ownClaim).then(() => {})
    return this.#released
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }
}

/** @throws SeraError lock-failed, when the grant was read so late that it is as good as none */
export async function lockAt(session: Session, ownClaim: OwnClaim): Promise<Lock> {
  const lock = new Lock(session, ownClaim)
  if (lock.held) return lock
  await lock.release().catch(() => {})
  const { kind, name } = ownClaim.key
  throw new SeraError('lock-failed', `${kind} ${name}: the server granted it too slowly for it to be relied on`)
}
