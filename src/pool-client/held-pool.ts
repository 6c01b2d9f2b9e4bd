/**
 * A pool that is held, as a lock that a command can run under.
 *
 * Where its server is a sera gateway it is renewed every third of its time; a renewal that fails is tried again, as the
 * pool stays ours until its time is over, whatever becomes of connections. A Distributex has no way to renew: there the
 * command has to end by itself before the pool expires, and nobody here knows when that is.
 */

import { Heartbeat } from '../claims/heartbeat.js'
import type { HeldLock, LockWatcher } from '../claims/lock.js'
import { type Random, sleep } from '../clock.js'
import { backoff } from '../network-errors.js'
import type { PoolGrant } from './acquire.js'
import { ANSWER_MS, type PoolAnswer, type PoolClient } from './client.js'
import { NoAnswer } from './http-request.js'

export interface HeldPoolOptions {
  random: Random
  /** A descriptor that keeps others of this host away; its lock is given up by `free`, when all else has been. */
  lifeline: number | undefined
  free(): Promise<void>
  /** How long giving it back is tried, ms, and what ends these tries. */
  connectWaitMs: number
  /** It could not be given back. */
  warn(message: string): void
}

/** As which lease a longer one is renewed: to notice that the pool was taken away, also when it never expires. */
const LONGEST_LEASE_MS = 60_000

/** Who has not answered for so long is told of; sera that was stopped may have asked just now. */
const SILENCE_MS = 1000

const GONE = 'its time was over, or it was released or broken'

export class HeldPool implements HeldLock {
  readonly token: string | undefined
  #provenAt: number
  /** When the last renewal was sent; later than `#provenAt`, as long as it is not confirmed. */
  #askedAt: number
  #failure: string | undefined
  #expiresInMs: number
  #watcher: LockWatcher | undefined
  readonly #heartbeat: Heartbeat
  /** Aborts when nothing is to be renewed any more. */
  readonly #over = new AbortController()

  constructor(
    readonly client: PoolClient,
    grant: PoolGrant,
    readonly options: HeldPoolOptions,
  ) {
    this.token = grant.token
    this.#provenAt = grant.provenAt
    this.#askedAt = grant.provenAt
    this.#expiresInMs = grant.expiresInMs
    this.#heartbeat = new Heartbeat({
      clock: client.clock,
      random: options.random,
      leaseMs: () => Math.min(LONGEST_LEASE_MS, this.#expiresInMs),
      renew: sentAt => this.#beat(sentAt),
    })
  }

  get provenAt(): number {
    return this.#provenAt
  }

  get until(): number {
    return this.#provenAt + this.#expiresInMs
  }

  get expiresInMs(): number {
    return this.#expiresInMs
  }

  get lifeline(): number | undefined {
    return this.options.lifeline
  }

  get trouble(): string | undefined {
    const isSilent = this.#askedAt > this.#provenAt && this.client.clock.boot() - this.#askedAt >= SILENCE_MS
    const reason = this.#failure ?? (isSilent ? 'no answer' : undefined)
    return reason && `the gateway at ${this.client.name} did not confirm the pool in time: ${reason}`
  }

  keep(watcher: LockWatcher): void {
    this.#watcher = watcher
    if (this.token !== undefined) this.#heartbeat.start(this.#provenAt)
  }

  /** @throws NoAnswer, when another renewal may be answered */
  async #beat(sentAt: number): Promise<void> {
    const problem = await this.#renew(sentAt).catch((error: NoAnswer) => {
      if (!error.transient) return `${this.client.name}: ${error.message}`
      this.#failure = error.message
      throw error
    })
    if (problem !== undefined) this.#break(problem)
    else this.#watcher?.renewed(this.until)
  }

  /** Undefined when it is ours for another while, else why not. @throws NoAnswer */
  async #renew(sentAt: number): Promise<string | undefined> {
    this.#askedAt = sentAt
    const deadline = this.client.soon(this.#over.signal, Math.min(ANSWER_MS, this.#expiresInMs / 3))
    const { word, expiresInMs }: PoolAnswer = await this.client.ask('renew', deadline, this.token)
    if (word === 'INVALID') throw new NoAnswer('its server no longer has that pool for this host', false)
    if (word !== 'OK' || expiresInMs === undefined) return GONE
    this.#provenAt = sentAt
    this.#failure = undefined
    this.#expiresInMs = expiresInMs
    return undefined
  }

  #break(reason: string): void {
    const watcher = this.#watcher
    this.#watcher = undefined
    this.#heartbeat.stop()
    watcher?.broken(reason)
  }

  /** Who got it anew would have another token: only a renewal proves that it has been ours all the time. */
  async reclaim(until: number): Promise<boolean> {
    const { random } = this.options
    const { clock } = this.client
    for (let attempt = 1; clock.boot() < until && !this.#over.signal.aborted; attempt++) {
      const problem = await this.#renew(clock.boot()).catch((error: NoAnswer) => error)
      if (!(problem instanceof NoAnswer)) return problem === undefined
      await sleep(clock, backoff(attempt, random), this.#over.signal).catch(() => {})
    }
    return false
  }

  async release(): Promise<string | undefined> {
    this.#stop()
    const problem = await this.#giveBack()
    await this.options.free()
    return problem
  }

  abandon(): void {
    this.#stop()
    void this.options.free()
  }

  #stop(): void {
    this.#watcher = undefined
    this.#heartbeat.stop()
    this.#over.abort(new NoAnswer('no longer wanted', false))
  }

  /**
   * Tried for a while: a pool that never expires stays held for good when it is not given back. A Distributex does not say whether it
   * was held, and when the answer to an earlier try got lost, that try may have given it back.
   */
  async #giveBack(): Promise<string | undefined> {
    const { random, connectWaitMs, warn } = this.options
    const { clock } = this.client
    const until = clock.now() + connectWaitMs
    for (let attempt = 1; ; attempt++) {
      const answer = await this.client.ask('release').catch((error: NoAnswer) => error)
      if (!(answer instanceof NoAnswer)) return answer.wasHeld === false && attempt === 1 ? GONE : undefined
      if (!answer.transient || clock.now() >= until) {
        warn(`pool ${this.client.pool} could not be given back to ${this.client.name}: ${answer.message}`)
        return undefined
      }
      await sleep(clock, backoff(attempt, random))
    }
  }
}
