/** Loads the history as far back as the page draws, and loads again when there may be new entries. */

import type { EntryJson } from './status.js'
import type { Timeline } from './timeline.js'

/** The newest; more can't be told apart in a drawing. */
export const MOST_ENTRIES = 2000
/** A run writes its entry a moment after it has released the lock. */
const SOON_MS = 1200
/** A run shorter than a second may appear in the history alone. */
const EVERY_MS = 30_000
/** Allows for entries that are written late. */
const OVERLAP_MS = 15_000

export class HistoryLoader {
  /** The history has more entries than were loaded. */
  isCut = false
  /** How far back is loaded, ms. */
  #reached = 0
  #newest = 0
  #signal: AbortSignal = AbortSignal.abort()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    readonly timeline: Timeline,
    readonly changed: () => void,
  ) {}

  /** Loads until the signal aborts. */
  begin(ms: number, signal: AbortSignal): void {
    this.#signal = signal
    this.#reached = 0
    this.isCut = false
    signal.addEventListener('abort', () => this.#stop(), { once: true })
    this.reach(ms)
  }

  /** Loads at least this far back. */
  reach(ms: number): void {
    if (ms <= this.#reached) return
    this.#reached = ms
    void this.#ask(`${Math.ceil(ms / 1000)}s`)
  }

  /** A participant has left: its entry follows soon. */
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
      // the status stream reports a lost connection
    }
    // `refresh` may have planned an earlier request meanwhile
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
    this.timeline.addEntries(entries)
    this.timeline.forget(this.#newest)
    if (entries.length > 0) this.changed()
  }
}
