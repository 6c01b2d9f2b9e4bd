/**
 * A held pool, as a lock that a command can run under.
 *
 * At a sera gateway the pool is renewed every third of its time. A failed renewal is retried, because the pool stays held until
 * its time is over, with or without a connection. Distributex has no renewals and does not say when the pool expires: there the
 * command must finish in time by itself.
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
  /** The descriptor of this host's own lock on the pool. `free` releases that lock, as the last step. */
  lifeline: number | undefined
  free(): Promise<void>
  /** How long a failed release is retried, ms. */
  connectWaitMs: number
  /** Receives a message if the pool could not be released. */
  warn(message: string): void
}

/** A longer lease, also an endless one, is renewed as often as this one: to notice that the pool was taken away. */
const LONGEST_LEASE_MS = 60_000

/** A shorter silence is not reported: after SIGSTOP sera may have asked just now. */
const SILENCE_MS = 1000

const LOST = 'it expired, or was released or broken'

export class HeldPool implements HeldLock {
  readonly token: string | undefined
  #provenAt: number
  /** When the last renewal was sent. Later than `#provenAt` until it is confirmed. */
  #askedAt: number
  #failure: string | undefined
  #expiresInMs: number
  #watcher: LockWatcher | undefined
  readonly #heartbeat: Heartbeat
  /** Aborts when renewals stop. */
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

  /** @throws NoAnswer, if a retry may succeed */
  async #beat(sentAt: number): Promise<void> {
    const problem = await this.#renew(sentAt).catch((error: NoAnswer) => {
      if (!error.transient) return `${this.client.name}: ${error.message}`
      this.#failure = error.message
      throw error
    })
    if (problem !== undefined) this.#break(problem)
    else this.#watcher?.renewed(this.until)
  }

  /** Undefined if renewed, otherwise the reason of the loss. @throws NoAnswer */
  async #renew(sentAt: number): Promise<string | undefined> {
    this.#askedAt = sentAt
    const deadline = this.client.soon(this.#over.signal, Math.min(ANSWER_MS, this.#expiresInMs / 3))
    const { word, expiresInMs }: PoolAnswer = await this.client.ask('renew', deadline, this.token)
    if (word === 'INVALID') throw new NoAnswer('its server no longer has that pool, or does not allow this host', false)
    if (word !== 'OK' || expiresInMs === undefined) return LOST
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

  /** Only a renewal proves that the pool was held all the time: a new grant would have another token. */
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
    const problem = await this.#releaseAtServer()
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
   * Retries, because a pool that never expires would stay held for ever. A `Sera-Released: no` counts only at the first try: a
   * later try may repeat one that worked and whose answer was lost. Distributex does not send the header.
   */
  async #releaseAtServer(): Promise<string | undefined> {
    const { random, connectWaitMs, warn } = this.options
    const { clock } = this.client
    const until = clock.now() + connectWaitMs
    for (let attempt = 1; ; attempt++) {
      const answer = await this.client.ask('release').catch((error: NoAnswer) => error)
      if (!(answer instanceof NoAnswer)) return answer.wasHeld === false && attempt === 1 ? LOST : undefined
      if (!answer.transient || clock.now() >= until) {
        warn(`cannot release pool ${this.client.pool} at ${this.client.name}: ${answer.message}`)
        return undefined
      }
      await sleep(clock, backoff(attempt, random))
    }
  }
}
