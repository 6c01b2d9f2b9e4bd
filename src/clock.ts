/**
 * The two clocks sera reads. Waiting is measured on the monotonic clock. Whatever decides whether the lock may still be
 * ours is measured on the boot clock, which goes on while the machine is suspended (CLOCK_BOOTTIME, clock_gettime(2)).
 */
import { readFileSync } from 'node:fs'
import { SeraError } from './errors.js'

export interface Clock {
  /** Milliseconds, monotonic; stands still during suspend. */
  now(): number
  /** Milliseconds since boot, suspend included; 10 ms steps. The guard reads the same clock. Throws where there is none. */
  boot(): number
}

export const systemClock: Clock = {
  now: () => performance.now(),
  boot() {
    try {
      return Math.round(Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1000)
    } catch (cause) {
      throw new SeraError('lock-failed', 'sera needs /proc/uptime, the clock its guard goes by (Linux)', { cause })
    }
  },
}

/** setTimeout counts milliseconds in 31 bits and fires at once beyond. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Calls `then` after `ms`, however long that is; Infinity: never. The function it returns calls it off. */
export function after(ms: number, then: () => void): () => void {
  if (ms === Number.POSITIVE_INFINITY) return () => {}
  let timer: NodeJS.Timeout
  const arm = (left: number) => {
    const step = Math.min(left, LONGEST_TIMER_MS)
    timer = setTimeout(() => (left > step ? arm(left - step) : then()), step)
  }
  arm(Math.max(0, ms))
  return () => clearTimeout(timer)
}

/** What comes of a call, or SeraError `lock-failed` when it takes longer; it goes on then, and nobody hears of it. */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = after(ms, () => reject(new SeraError('lock-failed', `no answer in ${ms} ms`)))
    work.then(resolve, reject).finally(stop)
  })
}

/** Resolves after `ms`, or rejects with the signal's reason as soon as it aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const abort = () => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = after(ms, () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    })
    signal?.addEventListener('abort', abort, { once: true })
  })
}
