/**
 * Time and random numbers. They are passed in as arguments: the composition roots pass `systemClock` and `systemRandom`, a simulation
 * passes its own.
 *
 * sera measures waits on the monotonic clock. It measures leases and fences on the boot clock, which counts suspend (CLOCK_BOOTTIME,
 * clock_gettime(2)).
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { SeraError } from './errors.js'

export interface Clock {
  /** Milliseconds, monotonic; does not count suspend. */
  now(): number
  /** Milliseconds since boot, suspend included; 10 ms steps. The guard reads the same clock. Throws without /proc. */
  boot(): number
  /** Milliseconds since 1970. It may jump: no lock depends on it. */
  wall(): number
  /** Calls `then` after `ms` on the monotonic clock; 0: once pending events are handled; Infinity: never. */
  after(ms: number, then: () => void): Cancel
}

/** Cancels a timer. It may be called repeatedly, and after the timer has fired. */
export type Cancel = () => void

export interface Random {
  /** From 0 to less than 1: for jitter. */
  number(): number
  /** This many random bytes, in hex: unique and unguessable. */
  id(bytes: number): string
}

/** setTimeout counts milliseconds in 31 bits and fires at once for more. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now(),
  boot() {
    try {
      return Math.round(Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 1000)
    } catch (cause) {
      throw new SeraError('lock-failed', 'cannot read /proc/uptime: sera needs Linux with /proc', { cause })
    }
  },
  wall: () => Date.now(),
  after(ms, then) {
    if (ms === Number.POSITIVE_INFINITY) return () => {}
    if (ms <= 0) return asSoonAsPossible(then)
    let timer: NodeJS.Timeout
    const arm = (left: number) => {
      const step = Math.min(left, LONGEST_TIMER_MS)
      timer = setTimeout(() => (left > step ? arm(left - step) : then()), step)
    }
    arm(ms)
    return () => clearTimeout(timer)
  },
}

export const systemRandom: Random = {
  number: Math.random,
  id: bytes => randomBytes(bytes).toString('hex'),
}

function asSoonAsPossible(then: () => void): Cancel {
  const immediate = setImmediate(then)
  return () => clearImmediate(immediate)
}

/** Calls `work` every `ms`. */
export function every(clock: Clock, ms: number, work: () => void): Cancel {
  const again = () => {
    cancel = clock.after(ms, again)
    work()
  }
  let cancel = clock.after(ms, again)
  return () => cancel()
}

/** The result of `work`, or SeraError `lock-failed` after `ms`. Late work goes on, and its result is dropped. */
export function within<T>(clock: Clock, ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(new SeraError('lock-failed', `no answer in ${ms} ms`)))
    work.then(resolve, reject).finally(cancel)
  })
}

/** Resolves after `ms`, or rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const abort = () => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = clock.after(ms, () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    })
    signal?.addEventListener('abort', abort, { once: true })
  })
}
