/**
 * Sends the status to all watchers. One read of the tables a second serves all of them. Without watchers there is no read.
 */
import { EventEmitter, once } from 'node:events'
import { type Clock, sleep } from '../../clock.js'
import { SeraError } from '../../errors.js'
import { type StatusObject, withoutTimes } from '../../status/json.js'

export interface StatusMessage {
  /** `trouble`: the tables can't be read now; the last status stays valid for display. */
  event: 'status' | 'trouble'
  /** JSON. */
  data: string
}

const EVERY_MS = 1000

export class StatusBroadcast {
  #watchers = 0
  #isLooking = false
  #message: StatusMessage | undefined
  /** The message without its running times: to detect a change. */
  #lasting = ''
  /** Counts the changes. */
  #version = 0
  readonly #changes = new EventEmitter().setMaxListeners(0)

  constructor(
    readonly look: () => Promise<StatusObject>,
    readonly closing: AbortSignal,
    readonly clock: Clock,
    readonly everyMs = EVERY_MS,
  ) {}

  /** Yields the newest message, now and after each change, until the signal aborts. A slow watcher skips intermediate ones. */
  async *watch(signal: AbortSignal): AsyncGenerator<StatusMessage> {
    this.#watchers++
    void this.#keepLooking()
    let seen = 0
    try {
      while (!signal.aborted) {
        if (this.#message && seen !== this.#version) {
          seen = this.#version
          yield this.#message
        } else await once(this.#changes, 'change', { signal }).catch(() => {})
      }
    } finally {
      this.#watchers--
    }
  }

  async #keepLooking(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    while (this.#watchers > 0 && !this.closing.aborted) {
      await this.#lookOnce()
      await sleep(this.clock, this.everyMs, this.closing).catch(() => {})
    }
    this.#isLooking = false
    this.#message = undefined
    this.#lasting = ''
  }

  async #lookOnce(): Promise<void> {
    try {
      const status = await this.look()
      this.#publish({ event: 'status', data: JSON.stringify(status) }, withoutTimes(status))
    } catch (error) {
      const reason = error instanceof SeraError ? error.message : 'internal error; please report it'
      this.#publish({ event: 'trouble', data: JSON.stringify({ reason }) }, reason)
    }
  }

  /** Keeps the newest message for new watchers, and wakes the others only if something changed. */
  #publish(message: StatusMessage, comparable: string): void {
    this.#message = message
    if (comparable === this.#lasting) return
    this.#lasting = comparable
    this.#version++
    this.#changes.emit('change')
  }
}
