/**
 * The progress line of a wait: one line on stderr, updated in place. It shows what sera waits for, how much time is left,
 * and who holds it since when. It appears only in the foreground of a terminal, not with TERM=dumb or in CI.
 */
import { readProcess } from '../../child/process-table.js'
import type { Cancel } from '../../clock.js'
import { formatDuration } from '../../config/duration.js'
import type { Host } from '../../host.js'
import type { Voice } from './messages.js'

/** A shorter wait shows no line. */
const SHOWN_AFTER_MS = 500
const REDRAW_MS = 1000
/** A question about the holder takes a connection of its own, so only every fifth redraw asks. */
const ASK_EVERY = 5

export interface Progress {
  /** What sera waits for, as the user calls it: `for migrate.sh`, `at barrier loaded`. */
  what: string
  /** Monotonic clock, ms. */
  until: number
  /** Asks for the holder or the other participants. Never rejects. */
  ask(): Promise<Summary | undefined>
}

/** The text at a moment, ms on the monotonic clock: durations grow between two questions. May be ''. */
export type Summary = (now: number) => string

/** Shows the line; the returned function removes it. */
export function showProgress(host: Host, voice: Voice, awaited: Progress): () => void {
  if (voice.quiet || !hasViewer(host)) return () => {}
  const view = new ProgressLine(host, awaited)
  return () => view.stop()
}

function hasViewer({ stderr, env }: Host): boolean {
  if (!stderr.isTerminal || env.TERM === 'dumb' || env.CI) return false
  return readProcess('self')?.foreground ?? true
}

class ProgressLine {
  #cancel: Cancel
  #shown = false
  #stopped = false
  #ticks = 0
  #summary: Summary | undefined

  constructor(
    readonly host: Host,
    readonly awaited: Progress,
  ) {
    this.#cancel = host.clock.after(SHOWN_AFTER_MS, () => this.#tick())
  }

  stop(): void {
    this.#cancel()
    if (this.#stopped) return
    this.#stopped = true
    if (this.#shown) this.host.stderr.write('\r\x1b[K')
  }

  #tick(): void {
    if (this.#ticks++ % ASK_EVERY === 0) void this.#ask()
    else this.#draw()
    this.#cancel = this.host.clock.after(REDRAW_MS, () => this.#tick())
  }

  async #ask(): Promise<void> {
    this.#summary = await this.awaited.ask()
    this.#draw()
  }

  #draw(): void {
    if (this.#stopped || !hasViewer(this.host)) return
    const text = progressText(this.awaited, this.#summary, this.host.clock.now())
    this.host.stderr.write(`\r${cutToWidth(text, this.host.stderr.columns)}\x1b[K`)
    this.#shown = true
  }
}

export function progressText({ what, until }: Progress, summary: Summary | undefined, now: number): string {
  const left = until === Number.POSITIVE_INFINITY ? '' : ` (${wholeSeconds(Math.ceil, until - now)} left)`
  const details = summary?.(now)
  return `sera: waiting ${what}${left}${details ? `, ${details}` : ''}`
}

/** A longer command line would push the rest off the line. */
const LONGEST_NAME = 24

export function shortened(text: string): string {
  return text.length <= LONGEST_NAME ? text : `${text.slice(0, LONGEST_NAME - 1)}…`
}

/** A past duration in whole seconds. */
export function sinceThen(ms: number): string {
  return wholeSeconds(Math.floor, ms)
}

function wholeSeconds(round: (n: number) => number, ms: number): string {
  return formatDuration(Math.max(0, round(ms / 1000)) * 1000)
}

/** A line that wraps cannot be redrawn, so it is cut. Control characters become spaces: they could move the cursor. */
function cutToWidth(text: string, columns: number): string {
  const clean = text.replace(/\p{Cc}+/gu, ' ')
  return clean.length < columns ? clean : `${clean.slice(0, Math.max(0, columns - 2))}…`
}
