/**
 * A claim that has been granted, as a lock that a command can run under (`hold-lock.ts`).
 *
 * It has no lifeline: the tables keep a claim for a lease, whatever happens to connections, and the guard ends the command
 * by then. It can't be reclaimed: after a claim is gone, other participants may have been granted newer tokens.
 */

import type { LockWatcher } from '../claims/lock.js'
import type { OwnClaim } from '../claims/own-claim.js'
import type { Session } from '../claims/session.js'
import type { RunnableLock } from './hold-lock.js'

export class HeldClaim implements RunnableLock {
  readonly token: string
  readonly lifeline = undefined
  #watcher: LockWatcher | undefined
  #gone: string | undefined

  constructor(
    readonly session: Session,
    readonly ownClaim: OwnClaim,
  ) {
    this.token = String(ownClaim.seen?.token)
    ownClaim.watcher = {
      renewed: until => this.#watcher?.renewed(until),
      gone: reason => {
        this.#gone = reason
        this.#watcher?.broken(reason)
      },
    }
  }

  get slot(): number | undefined {
    return this.ownClaim.seen?.slot
  }

  get provenAt(): number {
    return this.ownClaim.provenAt
  }

  get until(): number {
    return this.ownClaim.until
  }

  /** The session renews it from its first step on. */
  keep(watcher: LockWatcher): void {
    this.#watcher = watcher
    if (this.#gone !== undefined) watcher.broken(this.#gone)
  }

  async reclaim(): Promise<boolean> {
    return false
  }

  async release(): Promise<string | undefined> {
    const { ownClaim } = this
    return (await leaveQuietly(this.session, ownClaim)) === false ? GONE : undefined
  }

  abandon(): void {
    this.session.forget(this.ownClaim)
  }
}

export const GONE = 'its claim was no longer in the lock tables (it expired, or was broken)'

/**
 * Takes the claim out of the tables. If they can't be reached, the claim expires with its lease.
 *
 * @returns whether it was there; undefined when that can't be told, or when it had left before
 */
export async function leaveQuietly(session: Session, ownClaim: OwnClaim): Promise<boolean | undefined> {
  if (ownClaim.seen) return await session.leave(ownClaim).catch(() => undefined)
  session.forget(ownClaim)
  return undefined
}
