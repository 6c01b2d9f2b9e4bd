/** The engine `lease`: the classic command's lock as a claim in the lock tables. */
import type { HeldLock, Holder, MutexEngine, OnQueued, Queue } from '../../claims/lock.js'
import type { OwnClaim } from '../../claims/own-claim.js'
import type { ClaimSpec, Session } from '../../claims/session.js'
import type { Deadline } from '../../deadline.js'
import { MUTEX } from '../../primitives/mutex.js'
import { HeldClaim } from '../../run/held-claim.js'
import { acquireClaim } from '../../run/lock-request.js'

export class LeaseMutex implements MutexEngine {
  /** The id of the claim that waits. */
  #waiting = ''

  constructor(
    readonly name: string,
    readonly session: Session,
  ) {}

  async acquire(deadline: Deadline, onQueued?: OnQueued): Promise<HeldLock | undefined> {
    const granted = await this.#take({}, deadline, onQueued)
    return granted && new HeldClaim(this.session, granted)
  }

  async awaitFree(deadline: Deadline): Promise<boolean> {
    const passed = await this.#take({ mode: 'pass' }, deadline)
    if (passed) this.session.forget(passed)
    return passed !== undefined
  }

  async holder(): Promise<Holder | undefined> {
    const holder = (await this.queue())?.claims.find(({ state }) => state === 'granted')
    return holder && { connection: undefined, host: holder.host, pid: holder.pid, command: holder.command }
  }

  async queue(): Promise<Queue | undefined> {
    try {
      const claims = await this.session.store.listClaims(this.#key, { until: this.session.clock.now() })
      return { claims, mine: this.#waiting }
    } catch {
      return undefined // only for the progress line; if the tables cannot be read, the wait itself fails with the reason
    }
  }

  close(): void {
    void this.session.close()
  }

  #take(spec: ClaimSpec, deadline: Deadline, onQueued?: OnQueued): Promise<OwnClaim | undefined> {
    const ownClaim = this.session.newClaim(this.#key)
    this.#waiting = ownClaim.id
    return acquireClaim(this.session, ownClaim, { spec, policy: MUTEX }, deadline, onQueued)
  }

  get #key() {
    return { kind: 'mutex', name: this.name }
  }
}
