/**
 * The engine `get_lock`: a mutex is one GET_LOCK on one connection, compatible with the original.
 *
 * Safety, with rules 5 to 7 of the child:
 * 1. The proof of a grant is dated by when the statement that confirmed it was *sent*: GET_LOCK itself, or, after a
 *    wait of more than a third of a lease, one more heartbeat. From then on the holder has the lock for a lease,
 *    because the server ends a session (`wait_timeout`) no sooner than a lease after its last statement.
 * 2. Every third of a lease a heartbeat asks whether this session still holds the lock. Only the answer extends
 *    `until`. A slow answer is waited for and is no loss: closing the connection would free the lock.
 * 3. When the connection breaks, the server may have freed the lock already. `reclaim` takes the lock again in two
 *    cases only: no session holds it, or the holder is this engine's own former session on the same run of the same
 *    server, which it then ends.
 */

import type { HeldLock, Holder, MutexEngine, OnQueued } from '../../claims/lock.js'
import { sleep } from '../../clock.js'
import type { Deadline } from '../../deadline.js'
import { SeraError } from '../../errors.js'
import { backoff } from '../../network-errors.js'
import { explain, isTransient } from '../mysql/retry.js'
import { HeldGetLock } from './held-lock.js'
import { holderOf } from './holder.js'
import { type GetLockServer, GetLockSession } from './session.js'

/** After a wait of this length the server counts as healthy: earlier failures no longer count. */
const STEADY_MS = 1000

/** A free lock is granted sooner than this. */
const QUEUED_AFTER_MS = 20

export class GetLockMutex implements MutexEngine {
  /** Kept from a failed try for the wait that follows. */
  #session: GetLockSession | undefined
  /** The session waits in GET_LOCK and accepts no other statement. */
  #waiting = false

  constructor(
    readonly name: string,
    readonly server: GetLockServer,
  ) {}

  async acquire(deadline: Deadline, onQueued?: OnQueued): Promise<HeldLock | undefined> {
    const { clock, leaseMs } = this.server
    let provenAt = 0
    const session = await this.#through(deadline, onQueued, async session => {
      provenAt = clock.boot()
      const settled = clock.after(QUEUED_AFTER_MS, () => onQueued?.(session.connection.descriptor))
      const taken = await session.take(this.name, deadline).finally(settled)
      if (!taken) return false
      if (clock.boot() - provenAt <= leaseMs / 3) return true
      provenAt = clock.boot()
      const problem = await session.confirmSoon(this.name, deadline.signal)
      if (problem) throw Object.assign(new Error(problem), { code: 'PROTOCOL_CONNECTION_LOST' })
      return true
    })
    if (!session) return undefined
    this.#session = undefined
    return new HeldGetLock(this.name, session, provenAt)
  }

  async awaitFree(deadline: Deadline): Promise<boolean> {
    return (await this.#through(deadline, undefined, session => session.pass(this.name, deadline))) !== undefined
  }

  async holder(): Promise<Holder | undefined> {
    try {
      if (this.#session && !this.#waiting) return await holderOf(this.#session, this.name)
      const session = await GetLockSession.open(this.server, { until: this.server.clock.now() })
      return await holderOf(session, this.name).finally(() => session.connection.close())
    } catch {
      return undefined // only shown to a person; `acquire` reports what is wrong
    }
  }

  close(): void {
    this.#session?.connection.close()
    this.#session = undefined
  }

  /** Waits once, on a new connection after each failure of the server. Undefined: the deadline passed. */
  async #through(
    deadline: Deadline,
    onQueued: OnQueued | undefined,
    ask: (session: GetLockSession) => Promise<boolean>,
  ): Promise<GetLockSession | undefined> {
    const { clock, connectWaitMs, random } = this.server
    let failingSince: number | undefined
    for (let failures = 1; ; failures++) {
      const startedAt = clock.now()
      try {
        this.#session ??= await GetLockSession.open(this.server, deadline)
        this.#waiting = true
        return (await ask(this.#session)) ? this.#session : undefined
      } catch (error) {
        this.#session?.connection.destroy()
        this.#session = undefined
        onQueued?.(undefined)
        deadline.signal?.throwIfAborted()
        if (error instanceof SeraError) throw error
        if (failingSince === undefined || clock.now() - startedAt > STEADY_MS) failingSince = clock.now()
        const until = Math.min(deadline.until, failingSince + connectWaitMs)
        if (!isTransient(error) || clock.now() >= until) throw lockFailed(error)
        await sleep(clock, backoff(failures, random), deadline.signal)
      } finally {
        this.#waiting = false
      }
    }
  }
}

function lockFailed(cause: unknown): SeraError {
  return new SeraError('lock-failed', `the server failed while waiting for the lock: ${explain(cause)}`, { cause })
}
