/**
 * What a person sees who waits: one line on stderr, updated in place, that says for what, who has it, since when and for
 * how much longer. Only on a terminal and in its foreground; cron, pipes, TERM=dumb and CI see nothing.
 */
import { readProcess } from '../../child/process-table.js'
import type { Cancel } from '../../clock.js'
import { formatDuration } from '../../config/duration.js'
import type { Host } from '../../host.js'
import type { Voice } from './messages.js'

/** A wait shorter than this is none. */
const SHOWN_AFTER_MS = 500
const REDRAW_MS = 1000
/** Asking who holds it takes a connection of its own. */
const ASK_EVERY = 5

export interface Progress {
  /** What is waited for, in the user's words: `for migrate.sh`, `at barrier loaded`. */
  what: string
  /** Monotonic clock, ms. */
  until: number
  /** Asks what is to be told of those who are waited for. Never rejects. */
  ask(): Promise<Summary | undefined>
}

/** As it reads at a moment, ms on the monotonic clock: durations grow between two questions. '' for nothing. */
export type Summary = (now: number) => string

/** Starts showing; the returned function stops it and wipes the line. */
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
  const told = summary?.(now)
  return `sera: waiting ${what}${left}${told ? `, ${told}` : ''}`
}

/** A long command line would push everything else off the line. */
const LONGEST_NAME = 24

export function shortened(text: string): string {
  return text.length <= LONGEST_NAME ? text : `${text.slice(0, LONGEST_NAME - 1)}…`
}

/** For how long, as a person wants to know it. */
export function sinceThen(ms: number): string {
  return wholeSeconds(Math.floor, ms)
}

function wholeSeconds(round: (n: number) => number, ms: number): string {
  return formatDuration(Math.max(0, round(ms / 1000)) * 1000)
}

/** Cut to the terminal's width, as a line that wraps can't be redrawn; nothing in it may move the cursor. */
function cutToWidth(text: string, columns: number): string {
  const clean = text.replace(/\p{Cc}+/gu, ' ')
  return clean.length < columns ? clean : `${clean.slice(0, Math.max(0, columns - 2))}…`
}
