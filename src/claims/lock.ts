/** The interface of a lock: the same for every engine. */
import type { Deadline } from '../deadline.js'
import type { ClaimWithOwner } from './model.js'

/**
 * Called when the wait begins, with the descriptor that keeps the place in the queue and later the lock (see `HeldLock.lifeline`), or
 * `none` if the engine has none. Called with undefined when that descriptor is closed.
 */
export type OnQueued = (lifeline: number | 'none' | undefined) => void

/** The holder of a lock, as far as this account may see it. */
export interface Holder {
  /** The id of the holder's connection, if the lock belongs to a connection. */
  connection: number | undefined
  host: string
  pid: number | undefined
  command: string | undefined
}

export interface Queue {
  claims: readonly ClaimWithOwner[]
  /** The id of this process's claim. */
  mine: string
}

export interface MutexEngine {
  /** Waits for the lock; undefined when the deadline passed first. A deadline in the past: one try. */
  acquire(deadline: Deadline, onQueued?: OnQueued): Promise<HeldLock | undefined>
  /** Waits until the lock is free, without acquiring it; false when the deadline passed first. */
  awaitFree(deadline: Deadline): Promise<boolean>
  /** The current holder; undefined when the lock is free or the holder is unknown. Never throws. */
  holder(): Promise<Holder | undefined>
  /** The holders and waiters, if the engine has a queue; undefined when they are unknown. Never throws. */
  queue?(): Promise<Queue | undefined>
  /** Closes the connections. */
  close(): void
}

export interface LockWatcher {
  /** The lock is held until `until`, ms on the boot clock. */
  renewed(until: number): void
  /** The lock may be lost, with the reason. Renewing has stopped; `reclaim` starts it again. */
  broken(reason: string): void
}

export interface HeldLock {
  /** No other participant can get the lock before this time, ms on the boot clock: last renewal sent + lease. */
  readonly until: number
  /** When the last confirmed renewal was sent, ms on the boot clock. The lock was held at that time. */
  readonly provenAt: number
  /** Fencing token, if the engine has one. */
  readonly token: string | undefined
  /** A descriptor that keeps the lock at the server as long as any process has it open. */
  readonly lifeline: number | undefined
  /** Why the last renewal failed, if that is known. */
  readonly trouble?: string | undefined
  /** Renews every third of a lease until the release, and reports to the watcher. */
  keep(watcher: LockWatcher): void
  /**
   * After `broken`: tries until `until` (boot clock) to get the same lock back.
   *
   * @param onAttempt Called with the descriptor of a new connection before that connection asks for the lock, and with undefined
   * before a connection without the lock is closed. When it throws, the connection does not ask.
   * @returns false when another participant has the lock
   */
  reclaim(until: number, onAttempt: (lifeline: number | undefined) => void): Promise<boolean>
  /**
   * Releases the lock and disconnects. Never throws: a closed connection holds no lock.
   *
   * @returns why the lock was no longer held; undefined when it was held, or when that is unknown
   */
  release(): Promise<string | undefined>
  /** Drops a lost lock without contacting the server. */
  abandon(): void
}
