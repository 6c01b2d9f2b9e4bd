/**
 * Renews anything that has a lease: claims in the lock tables, a GET_LOCK, a pool.
 *
 * 1. A renewal is sent a third of a lease after the last one was sent, or at once after an answer that took longer.
 * 2. A failed renewal is retried, with a backoff of up to a second, until one is confirmed or the heartbeat stops. A failed
 *    renewal does not extend the lease: the fence stops the work in time.
 * 3. A confirmed renewal extends the lease from when it was sent. The server wrote it later, so this is safe.
 */
import { type Clock, type Random, sleep } from '../clock.js'
import { backoff } from '../network-errors.js'

export interface Pulse {
  clock: Clock
  random: Random
  /** The lease, ms. Read after each renewal. */
  leaseMs: () => number
  /** Sends one renewal, at `sentAt` on the boot clock. Rejects when it was not confirmed; the heartbeat then retries. */
  renew: (sentAt: number) => Promise<void>
}

export class Heartbeat {
  #running = new AbortController()

  constructor(readonly pulse: Pulse) {}

  /** Renews until it is stopped. `sentAt`: when the last renewal was sent, ms on the boot clock. */
  start(sentAt: number): void {
    this.stop()
    this.#running = new AbortController()
    this.#run(sentAt, this.#running.signal).catch(() => {}) // `stop` rejects it
  }

  /** Sends no more renewals. The answer to one under way is still processed. */
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
