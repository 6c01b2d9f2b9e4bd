/** A GET_LOCK that is ours: kept alive by heartbeats, reclaimed when its connection broke, given back. */
import { after, sleep } from '../clock.js'
import { GetLockSession } from './get-lock-session.js'
import type { HeldLock, LockWatcher } from './port.js'
import { backoff, explain, isTransient } from './retry.js'

/** Sessions of one's own account that wait for a lock; behind it the statement's mark, which may tell of anything. */
const WAITERS =
  'SELECT COUNT(*) AS waiters FROM information_schema.PROCESSLIST ' +
  "WHERE STATE = 'User lock' AND SUBSTRING_INDEX(INFO, '/*', 1) LIKE ?"

export class HeldGetLock implements HeldLock {
  readonly token = undefined
  #session: GetLockSession
  /** When the session is known to have been alive at the server, ms on the boot clock. */
  #provenAt: number
  #watcher: LockWatcher | undefined
  #timer: NodeJS.Timeout | undefined
  #reclaiming = new AbortController()

  /** `provenAt`: when the statement that proved the lock to be ours was sent, ms on the boot clock. */
  constructor(
    readonly name: string,
    session: GetLockSession,
    provenAt: number,
  ) {
    this.#session = session
    this.#provenAt = provenAt
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
    this.#session.connection.onBroken = error => this.#break(explain(error))
    this.#scheduleBeat()
  }

  /** The next heartbeat is a third of a lease after the last was sent, however long its answer took. */
  #scheduleBeat(): void {
    const { clock, leaseMs } = this.#session.server
    const delay = Math.max(0, this.#provenAt + leaseMs / 3 - clock.boot())
    this.#timer = setTimeout(() => void this.#beat(), delay)
  }

  /** One heartbeat. */
  async #beat(): Promise<void> {
    const session = this.#session
    const sentAt = session.server.clock.boot()
    const problem = await session.confirm(this.name).catch(explain)
    if (session !== this.#session || !this.#watcher) return
    if (problem !== undefined) return this.#break(problem)
    this.#provenAt = sentAt
    this.#watcher.renewed(this.until)
    this.#scheduleBeat()
  }

  #break(reason: string): void {
    const watcher = this.#watcher
    this.#stop()
    watcher?.broken(reason)
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#reclaiming.abort(new Error('no longer wanted'))
    this.#watcher = undefined
    this.#session.connection.onBroken = () => {}
  }

  async reclaim(until: number): Promise<boolean> {
    const { server, connection } = this.#session
    this.#reclaiming = new AbortController()
    const cancel = after(until - server.clock.boot(), () => this.#reclaiming.abort(new Error('too late')))
    try {
      return await this.#reclaimFrom(connection.id, this.#reclaiming.signal)
    } catch {
      return false
    } finally {
      cancel()
      connection.destroy()
    }
  }

  async #reclaimFrom(ghost: number, signal: AbortSignal): Promise<boolean> {
    const { server } = this.#session
    for (let attempt = 1; ; attempt++) {
      const found = await this.#attempt(ghost, signal).catch(error => (isTransient(error) ? 'again' : 'theirs'))
      if (found !== 'again') return found === 'ours'
      await sleep(backoff(attempt, server.random), signal)
    }
  }

  async #attempt(ghost: number, signal: AbortSignal): Promise<'ours' | 'theirs' | 'again'> {
    const server = { ...this.#session.server, connectWaitMs: Number.POSITIVE_INFINITY }
    const session = await GetLockSession.open(server, { until: Number.POSITIVE_INFINITY, signal })
    const found = await this.#take(session, ghost, signal).catch(error => {
      session.connection.destroy()
      throw error
    })
    if (found !== 'ours') session.connection.destroy()
    return found
  }

  async #take(session: GetLockSession, ghost: number, signal: AbortSignal): Promise<'ours' | 'theirs' | 'again'> {
    const { clock } = session.server
    const sentAt = clock.boot()
    if (!(await session.take(this.name, { until: clock.now(), signal }))) {
      return (await this.#endGhost(session, ghost)) ? 'again' : 'theirs'
    }
    this.#session = session
    this.#provenAt = sentAt
    return 'ours'
  }

  /**
   * True when nobody but this engine's own dead session stands in the way, which is then ended. While somebody waits it
   * is left alone: it keeps them out until the command has been ended, and the server frees it when the lease is over.
   */
  async #endGhost(session: GetLockSession, ghost: number): Promise<boolean> {
    const owner = (await session.ask('SELECT IS_USED_LOCK(?) AS connection', [this.name])).connection
    if (owner === null) return true
    if (Number(owner) !== ghost) return false
    const uptime = await session.ask("SHOW GLOBAL STATUS LIKE 'Uptime'")
    const ageMs = session.server.clock.boot() - this.#provenAt
    if (Number(uptime.Value) * 1000 < ageMs + 1000) return false // restarted since: the number belongs to somebody else
    if ((await session.ask(WAITERS, [`%${this.name}%`])).waiters !== 0) return false
    await session.ask(`KILL ${ghost}`).catch(() => {})
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
