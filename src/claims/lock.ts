/** What a command asks of a lock, whatever engine holds it. */
import type { Deadline } from '../deadline.js'
import type { ClaimWithOwner } from './model.js'

/**
 * Called when the lock is not free, with the descriptor that keeps the place in the queue and later the lock (see HeldLock.lifeline),
 * or `none` where this engine has none; and with undefined when that descriptor is closed.
 */
export type OnQueued = (lifeline: number | 'none' | undefined) => void

/** Who has a lock, as far as the server tells this account. */
export interface Holder {
  /** The server's number for the holder's connection, where that is what holds the lock. */
  connection: number | undefined
  host: string
  pid: number | undefined
  command: string | undefined
}

export interface Queue {
  claims: readonly ClaimWithOwner[]
  /** The id of the own claim. */
  mine: string
}

export interface MutexEngine {
  /** Waits for the lock; undefined when the deadline passed first. One try when it has passed already. */
  acquire(deadline: Deadline, onQueued?: OnQueued): Promise<HeldLock | undefined>
  /** Waits until the lock is free without keeping it; false when the deadline passed first. */
  awaitFree(deadline: Deadline): Promise<boolean>
  /** Who has it now; undefined when nobody has or it can't be told. Never throws. */
  holder(): Promise<Holder | undefined>
  /** All who hold and wait, where the engine knows; undefined when it can't be told. Never throws. */
  queue?(): Promise<Queue | undefined>
  /** Gives up what is open. */
  close(): void
}

export interface LockWatcher {
  /** The lock is ours until `until`, ms on the boot clock. */
  renewed(until: number): void
  /** The lock may be gone, and why. Renewing has stopped; `reclaim` starts it again. */
  broken(reason: string): void
}

export interface HeldLock {
  /** Nobody else can have the lock before this moment, ms on the boot clock: last renewal sent + lease. */
  readonly until: number
  /** When the last confirmed renewal was sent, ms on the boot clock: the lock was held then. */
  readonly provenAt: number
  /** Fencing token, where the engine has one. */
  readonly token: string | undefined
  /** A descriptor that keeps the lock at the server as long as any process has it open. */
  readonly lifeline: number | undefined
  /** Why it has not been renewed lately, where that is known. */
  readonly trouble?: string | undefined
  /** Renews every third of a lease until released, and tells. */
  keep(watcher: LockWatcher): void
  /**
   * After `broken`: tries until `until` (boot clock) to get the very same lock back.
   *
   * @param onAttempt Called with the descriptor of a new connection before that connection asks for the lock, and with undefined
   * before a connection without the lock is closed. When it throws, the connection does not ask.
   * @returns false when another participant has the lock
   */
  reclaim(until: number, onAttempt: (lifeline: number | undefined) => void): Promise<boolean>
  /**
   * Gives the lock back and says goodbye to the server. Never throws: a connection that is gone holds nothing.
   *
   * @returns why it was no longer held; undefined when it was, or when that can't be told
   */
  release(): Promise<string | undefined>
  /** Lets go of a lock that is lost, without another word to the server. */
  abandon(): void
}
