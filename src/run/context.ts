/** One run of the command line, after words, flags and settings have been checked. */
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
  /** The report so far. It grows during the run, so a run that fails still reports what happened before. */
  report: Partial<Report>
  /** The command to run under the lock; empty if the form has none. */
  command: readonly string[]
  /** The command, or else the subcommand, with passwords hidden: the text that other users see. */
  shown: readonly string[]
  /** Infinity: forever. */
  waitMs: number
}

/** The work of a subcommand, after its words have been checked. */
export type Task = (context: RunContext) => Promise<Outcome>

/** The task of a form that leaves the settings `unread`. */
export type UnconfiguredTask = (context: Omit<RunContext, 'settings'>) => Promise<Outcome>
