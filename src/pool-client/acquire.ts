/** Acquires a pool from its server, at once or by waiting. Retries failures that may pass. */
import { type Random, sleep } from '../clock.js'
import type { Deadline } from '../deadline.js'
import { SeraError } from '../errors.js'
import { backoff } from '../network-errors.js'
import type { PoolAnswer, PoolClient, Verb } from './client.js'
import { NoAnswer } from './http-request.js'

export interface PoolGrant {
  /** When the request was sent that proved the grant, ms on the boot clock. */
  provenAt: number
  /** From `provenAt` on, ms. Infinity: it never expires, or the server can't renew it. */
  expiresInMs: number
  /** Undefined: the server is a Distributex, which has no renewals. */
  token: string | undefined
}

export interface AcquirePoolOptions {
  random: Random
  /** How long failures that may pass are retried, ms. */
  connectWaitMs: number
}

/** The pause after a server answers NO to a wait, which shows that it has a problem. */
const PAUSE_MS = 1000
/** How long a cancelled wait tries to release what may have been granted meanwhile. */
const RELEASE_MS = 1000

/**
 * @returns undefined if the deadline passed first
 *
 * @throws SeraError lock-failed; the signal's reason if it aborts
 */
export async function acquirePool(
  client: PoolClient,
  deadline: Deadline,
  options: AcquirePoolOptions,
): Promise<PoolGrant | undefined> {
  return await new PoolAcquisition(client, deadline, options).acquire()
}

class PoolAcquisition {
  #waiting = false
  /** There was a YES, or the answer with a YES may have been lost. */
  #mayHoldIt = false
  #failures = 0
  #failingSince: number | undefined

  constructor(
    readonly client: PoolClient,
    readonly deadline: Deadline,
    readonly options: AcquirePoolOptions,
  ) {}

  async acquire(): Promise<PoolGrant | undefined> {
    let grant: PoolGrant | undefined
    try {
      grant = await this.#acquire()
      return grant
    } finally {
      if (!grant && this.#mayHoldIt)
        await this.client.ask('release', this.client.soon(undefined, RELEASE_MS)).catch(() => {})
    }
  }

  /** After the deadline it asks once more: the pool may have been granted at the last moment. */
  async #acquire(): Promise<PoolGrant | undefined> {
    for (;;) {
      const last = this.#late
      const answer = await this.#ask(this.#waiting && !last ? 'wait' : 'get')
      if (!answer) continue
      const grant = await this.#grantOf(answer)
      if (grant || last) return grant
      if (this.#waiting) await sleep(this.client.clock, PAUSE_MS, this.deadline.signal)
      this.#waiting = true
    }
  }

  /** A YES may be late, or belong to an earlier grant. A renewal proves whether and since when the pool is held. */
  async #grantOf({ word, expiresInMs, token }: PoolAnswer): Promise<PoolGrant | undefined> {
    if (word === 'INVALID') throw this.#refused()
    if (word !== 'YES') return undefined
    this.#mayHoldIt = true
    const { boot } = this.client.clock
    if (expiresInMs === undefined) return { provenAt: boot(), expiresInMs: Number.POSITIVE_INFINITY, token: undefined }
    for (;;) {
      const provenAt = boot()
      const renewed = await this.#ask('renew', token)
      if (renewed?.word === 'OK') return { provenAt, expiresInMs: renewed.expiresInMs ?? expiresInMs, token }
      if (renewed) return undefined
    }
  }

  /** Undefined if there was no answer but a retry may get one. */
  async #ask(verb: Verb, token?: string): Promise<PoolAnswer | undefined> {
    const deadline = verb === 'wait' ? this.deadline : this.client.soon(this.deadline.signal)
    try {
      const answer = await this.client.ask(verb, deadline, token)
      this.#failures = 0
      this.#failingSince = undefined
      return answer
    } catch (error) {
      if (!(error instanceof NoAnswer)) {
        this.#mayHoldIt = true
        throw error
      }
      this.#mayHoldIt ||= error.transient
      if (verb !== 'wait' || !this.#late) await this.#backOff(error)
      return undefined
    }
  }

  /** Waits before the next try. @throws SeraError lock-failed, if there must be none */
  async #backOff(error: NoAnswer): Promise<void> {
    const { random, connectWaitMs } = this.options
    const { clock } = this.client
    const { until, signal } = this.deadline
    const now = clock.now()
    this.#failingSince ??= now
    const left = Math.min(until, this.#failingSince + connectWaitMs) - now
    if (!error.transient || left <= 0) {
      const { name, pool } = this.client
      throw new SeraError('lock-failed', `cannot ask ${name} for pool ${pool}: ${error.message}`, { cause: error })
    }
    this.#failures++
    await sleep(clock, Math.min(left, backoff(this.#failures, random)), signal)
  }

  get #late(): boolean {
    return this.client.clock.now() >= this.deadline.until
  }

  #refused(): SeraError {
    const { name, pool, host } = this.client
    const what = `has no pool ${pool}, or does not allow host ${host}`
    return new SeraError('lock-failed', `${name} ${what} (it answered INVALID); check its pools file`)
  }
}
