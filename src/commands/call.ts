/** One run of the command line, as whoever carries it out gets it. */
import type { Settings } from '../config/settings.js'
import type { Host } from '../host.js'
import type { Log } from '../log/log.js'
import type { Outcome } from '../outcome.js'
import type { Voice } from './messages.js'
import type { Report } from './report.js'
import type { RunOptions } from './run-options.js'

/** What a subcommand does once its words have been checked. What is known of the run grows in `report`. */
export type Task = (call: Call, host: Host, report: Partial<Report>) => Promise<Outcome>

export interface Call {
  /** What runs under the lock; empty where nothing does. */
  command: readonly string[]
  /** What others see of it: the command, or the subcommand itself, without passwords. */
  shown: readonly string[]
  /** Infinity: forever. */
  waitMs: number
  options: RunOptions
  settings: Settings
  voice: Voice
  /** Writes a warning to syslog as well. */
  warn: (message: string) => void
  /** Writes it to syslog, and says it only to who asked for all that happens. */
  note: (message: string) => void
  /** Writes a line to syslog, where there is one, and says nothing. */
  log: Log['write']
}
