/**
 * What all who watch are shown. One look a second serves them all, however many they are, and none is taken while
 * nobody watches.
 */
import { EventEmitter, once } from 'node:events'
import { type Clock, sleep } from '../../clock.js'
import { SeraError } from '../../errors.js'
import { type StatusObject, withoutTimes } from '../../status/json.js'

export interface StatusMessage {
  /** The picture; or why there is none, while the last one still stands. */
  event: 'status' | 'trouble'
  /** JSON. */
  data: string
}

const EVERY_MS = 1000

export class StatusBroadcast {
  #watchers = 0
  #isLooking = false
  #news: StatusMessage | undefined
  /** The news without the times that pass by themselves. */
  #told = ''
  /** Counts what has changed. */
  #version = 0
  readonly #changes = new EventEmitter().setMaxListeners(0)

  constructor(
    readonly look: () => Promise<StatusObject>,
    readonly closing: AbortSignal,
    readonly clock: Clock,
    readonly everyMs = EVERY_MS,
  ) {}

  /** The news, now and whenever something has changed, until the signal aborts. Who is slow misses what was between. */
  async *watch(signal: AbortSignal): AsyncGenerator<StatusMessage> {
    this.#watchers++
    void this.#keepLooking()
    let seen = 0
    try {
      while (!signal.aborted) {
        if (this.#news && seen !== this.#version) {
          seen = this.#version
          yield this.#news
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
    this.#news = undefined
    this.#told = ''
  }

  async #lookOnce(): Promise<void> {
    try {
      const status = await this.look()
      this.#tell({ event: 'status', data: JSON.stringify(status) }, withoutTimes(status))
    } catch (error) {
      const reason = error instanceof SeraError ? error.message : 'internal error; please report it'
      this.#tell({ event: 'trouble', data: JSON.stringify({ reason }) }, reason)
    }
  }

  /** Newcomers are shown the newest, also when nothing has changed. */
  #tell(news: StatusMessage, told: string): void {
    this.#news = news
    if (told === this.#told) return
    this.#told = told
    this.#version++
    this.#changes.emit('change')
  }
}
