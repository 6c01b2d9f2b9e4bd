/** What has run: asked for as far back as is drawn, and again when something may have been added. */

import type { EntryJson } from './status.js'
import type { Timeline } from './timeline.js'

/** More are no picture any more; the newest come. */
export const MOST_ENTRIES = 2000
/** Runs leave their entry when they have ended, a moment after they have let go. */
const SOON_MS = 1200
/** What is quicker than the page looks is in the history only. */
const EVERY_MS = 30_000
/** Hosts whose entries are late. */
const OVERLAP_MS = 15_000

export class HistoryLoader {
  /** There is more than was told. */
  isCut = false
  /** How far back is known, ms. */
  #reached = 0
  #newest = 0
  #signal: AbortSignal = AbortSignal.abort()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    readonly timeline: Timeline,
    readonly changed: () => void,
  ) {}

  /** Until the signal aborts. */
  begin(ms: number, signal: AbortSignal): void {
    this.#signal = signal
    this.#reached = 0
    this.isCut = false
    signal.addEventListener('abort', () => this.#stop(), { once: true })
    this.reach(ms)
  }

  /** As far back as this, at least. */
  reach(ms: number): void {
    if (ms <= this.#reached) return
    this.#reached = ms
    void this.#ask(`${Math.ceil(ms / 1000)}s`)
  }

  /** Somebody has gone, and an entry comes. */
  refresh(): void {
    this.#askIn(SOON_MS)
  }

  #askIn(ms: number): void {
    if (this.#signal.aborted) return
    clearTimeout(this.#timer)
    const ago = `${this.#reached / 1000}s`
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      void this.#ask(this.#newest === 0 ? ago : new Date(this.#newest - OVERLAP_MS).toISOString())
    }, ms)
  }

  async #ask(since: string): Promise<void> {
    try {
      const query = new URLSearchParams({ since, limit: `${MOST_ENTRIES}` })
      const response = await fetch(`/v1/history?${query}`, { signal: this.#signal, cache: 'no-store' })
      if (response.ok) this.#learn(((await response.json()) as { entries: EntryJson[] }).entries)
    } catch {
      // the stream tells whether the gateway is there
    }
    // who has gone meanwhile has asked for it sooner
    if (this.#timer === undefined) this.#askIn(EVERY_MS)
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #learn(entries: readonly EntryJson[]): void {
    const last = entries.at(-1)
    if (last) this.#newest = Math.max(this.#newest, Date.parse(last.releasedAt))
    this.isCut ||= entries.length >= MOST_ENTRIES
    this.timeline.recall(entries)
    this.timeline.forget(this.#newest)
    if (entries.length > 0) this.changed()
  }
}
