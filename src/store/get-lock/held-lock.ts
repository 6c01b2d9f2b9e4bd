/** A granted GET_LOCK: kept by heartbeats, taken again when its connection broke, released. */

import { Heartbeat } from '../../claims/heartbeat.js'
import type { HeldLock, LockWatcher } from '../../claims/lock.js'
import { sleep } from '../../clock.js'
import { backoff } from '../../network-errors.js'
import { explain, isTransient } from '../mysql/retry.js'
import { endFormer, endsSoon, type Former, holderOfMutex, QUEUED_MS, seesAllSessions } from './former-session.js'
import { GetLockSession } from './session.js'

/** Result of one attempt to take the lock again. */
type Attempt = 'ours' | 'theirs' | 'again'

type OnAttempt = Parameters<HeldLock['reclaim']>[1]

export class HeldGetLock implements HeldLock {
  readonly token = undefined
  #session: GetLockSession
  /** When the server last confirmed this session: the time that statement was sent, ms on the boot clock. */
  #provenAt: number
  #watcher: LockWatcher | undefined
  readonly #heartbeat: Heartbeat
  #reclaiming = new AbortController()

  /** `provenAt`: when the statement that proved the grant was sent, ms on the boot clock. */
  constructor(
    readonly name: string,
    session: GetLockSession,
    provenAt: number,
  ) {
    this.#session = session
    this.#provenAt = provenAt
    const { clock, random, leaseMs } = session.server
    this.#heartbeat = new Heartbeat({ clock, random, leaseMs: () => leaseMs, renew: sentAt => this.#renew(sentAt) })
  }

  get provenAt(): number {
    return this.#provenAt
  }

  get until(): number {
    return this.#provenAt + this.#session.server.leaseMs
  }

  get lifeline(): number | undefined {
    return this.#session.connection.descriptor
  }

  keep(watcher: LockWatcher): void {
    this.#watcher = watcher
    const { connection, server } = this.#session
    connection.onBroken = error => this.#break(explain(error))
    this.#heartbeat.start(this.#provenAt)
    if (connection.isBroken) void this.#renew(server.clock.boot()) // fails at once and reports the reason
  }

  /** A slow answer is no failure: it is waited for. A statement that fails breaks the connection. */
  async #renew(sentAt: number): Promise<void> {
    const session = this.#session
    const problem = await session.confirm(this.name).catch(explain)
    if (session !== this.#session || !this.#watcher) return
    if (problem !== undefined) return this.#break(problem)
    this.#provenAt = sentAt
    this.#watcher.renewed(this.until)
  }

  #break(reason: string): void {
    const watcher = this.#watcher
    this.#stop()
    watcher?.broken(reason)
  }

  #stop(): void {
    this.#heartbeat.stop()
    this.#reclaiming.abort(new Error('no longer wanted'))
    this.#watcher = undefined
    this.#session.connection.onBroken = () => {}
  }

  async reclaim(until: number, onAttempt: OnAttempt): Promise<boolean> {
    const { server, connection, proof } = this.#session
    this.#reclaiming = new AbortController()
    const cancel = server.clock.after(until - server.clock.boot(), () => this.#reclaiming.abort(new Error('too late')))
    try {
      return await this.#reclaimFrom({ name: this.name, proof }, onAttempt, this.#reclaiming.signal)
    } catch {
      return false
    } finally {
      cancel()
      connection.destroy()
    }
  }

  async #reclaimFrom(former: Former, onAttempt: OnAttempt, signal: AbortSignal): Promise<boolean> {
    const { server } = this.#session
    for (let attempt = 1; ; attempt++) {
      const found = await this.#attempt(former, onAttempt, signal).catch(error =>
        isTransient(error) ? 'again' : 'theirs',
      )
      if (found !== 'again') return found === 'ours'
      await sleep(server.clock, backoff(attempt, server.random), signal)
    }
  }

  async #attempt(former: Former, onAttempt: OnAttempt, signal: AbortSignal): Promise<Attempt> {
    const session = await this.#open(signal)
    try {
      onAttempt(session.connection.descriptor)
      if (await this.#take(session, 0, signal)) return 'ours'
      const holder = await holderOfMutex(session, former)
      if (holder === 'former') return await this.#takeFrom(former, session, signal)
      return holder === 'free' ? 'again' : 'theirs'
    } finally {
      if (session !== this.#session) {
        onAttempt(undefined)
        session.connection.destroy()
      }
    }
  }

  /** While another session waits or may wait, the former one is not ended: it keeps the mutex until the command has ended. */
  async #takeFrom(former: Former, session: GetLockSession, signal: AbortSignal): Promise<Attempt> {
    if (!(await seesAllSessions(session))) return (await endsSoon(session, former, signal)) ? 'again' : 'theirs'
    const observer = await this.#open(signal)
    try {
      const taken = this.#take(session, QUEUED_MS, signal)
      taken.catch(() => {}) // it may fail after the reclaim was aborted
      const ended = endFormer(observer, former, session.connection.id)
      ended.catch(() => {}) // it fails when the former session ended by itself
      if (!(await Promise.race([taken, ended]))) return 'theirs'
      return (await taken) ? 'ours' : 'again'
    } finally {
      observer.connection.close()
    }
  }

  #open(signal: AbortSignal): Promise<GetLockSession> {
    const server = { ...this.#session.server, connectWaitMs: Number.POSITIVE_INFINITY }
    return GetLockSession.open(server, { until: Number.POSITIVE_INFINITY, signal })
  }

  /** Takes the lock in a new session, which counts as alive from when the statement was sent. */
  async #take(session: GetLockSession, waitMs: number, signal: AbortSignal): Promise<boolean> {
    const { clock } = session.server
    const sentAt = clock.boot()
    if (!(await session.take(this.name, { until: clock.now() + waitMs, signal }))) return false
    this.#session = session
    this.#provenAt = sentAt
    return true
  }

  async release(): Promise<string | undefined> {
    this.#stop()
    return await this.#session.release(this.name)
  }

  abandon(): void {
    this.#stop()
    this.#session.connection.destroy()
  }
}
