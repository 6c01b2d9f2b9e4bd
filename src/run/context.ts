/** One run of the command line, as a subcommand gets it once words, flags and settings have been checked. */
import type { RunOptions } from '../cli/args/options.js'
import type { Messages } from '../cli/output/messages.js'
import type { Report } from '../cli/output/report.js'
import type { Settings } from '../config/settings.js'
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'

export interface RunContext {
  host: Host
  options: RunOptions
  settings: Settings
  messages: Messages
  /** What is known of the run; it grows, so that a run that fails halfway still reports the rest. */
  report: Partial<Report>
  /** What runs under the lock; empty where nothing does. */
  command: readonly string[]
  /** What others see of it: the command, or the subcommand itself, without passwords. */
  shown: readonly string[]
  /** Infinity: forever. */
  waitMs: number
}

/** What a subcommand does once its words have been checked. */
export type Task = (context: RunContext) => Promise<Outcome>

/** The task of a form that leaves the settings `unread`. */
export type UnconfiguredTask = (context: Omit<RunContext, 'settings'>) => Promise<Outcome>
