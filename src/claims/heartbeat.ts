/**
 * Keeps alive what ends a lease after its last renewal: claims in the lock tables, a GET_LOCK, a pool.
 *
 * 1. A renewal is sent a third of a lease after the last one was sent, however long the answer takes.
 * 2. A renewal that fails is sent again, after a pause that grows up to a second, until one is confirmed or the heartbeat stops. It
 *    proves nothing: the fence ends in time what relies on the lease.
 * 3. A renewal proves the lease from when it was sent, because it took effect later.
 */
import { type Clock, type Random, sleep } from '../clock.js'
import { backoff } from '../network-errors.js'

export interface Pulse {
  clock: Clock
  random: Random
  /** How long a renewal lasts, ms; asked for after each. */
  leaseMs: () => number
  /** Sends one renewal, at `sentAt` on the boot clock. Rejects when it was not confirmed and another may be. */
  renew: (sentAt: number) => Promise<void>
}

export class Heartbeat {
  #running = new AbortController()

  constructor(readonly pulse: Pulse) {}

  /** Renews until it is stopped. `sentAt`: when the last renewal was sent, ms on the boot clock. */
  start(sentAt: number): void {
    this.stop()
    this.#running = new AbortController()
    this.#run(sentAt, this.#running.signal).catch(() => {}) // that is how `stop` ends it
  }

  /** The answer to a renewal under way is still heard. */
  stop(): void {
    this.#running.abort()
  }

  async #run(lastSentAt: number, stopped: AbortSignal): Promise<never> {
    const { clock, random, leaseMs, renew } = this.pulse
    let sentAt = lastSentAt
    for (let failures = 0; ; ) {
      const pauseMs = failures > 0 ? backoff(failures, random) : sentAt + leaseMs() / 3 - clock.boot()
      await sleep(clock, pauseMs, stopped)
      sentAt = clock.boot()
      failures = await renew(sentAt).then(
        () => 0,
        () => failures + 1,
      )
    }
  }
}
