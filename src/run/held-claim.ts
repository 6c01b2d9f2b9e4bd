/**
 * A granted claim, as a lock that a command can run under (`hold-lock.ts`).
 *
 * It has no lifeline: a claim stays in the tables for a lease after its last renewal, also without a connection, and the
 * guard ends the command by then. It cannot be reclaimed: after it was removed, other participants may have newer tokens.
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

  /** The session renews the claim already, since its first step. */
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
 * Deletes the claim. If the tables cannot be reached, the claim expires with its lease.
 *
 * @returns whether the claim was there; undefined if that is unknown, or if it had left before
 */
export async function leaveQuietly(session: Session, ownClaim: OwnClaim): Promise<boolean | undefined> {
  if (ownClaim.seen) return await session.leave(ownClaim).catch(() => undefined)
  session.forget(ownClaim)
  return undefined
}
