/** One run of the command line, as whoever carries it out gets it. */
import type { Settings } from '../config/settings.js'
import type { Voice } from './messages.js'
import type { RunOptions } from './run-options.js'

export interface Call {
  /** What runs under the lock; empty where nothing does. */
  command: readonly string[]
  /** Infinity: forever. */
  waitMs: number
  options: RunOptions
  settings: Settings
  voice: Voice
  /** Writes a warning to syslog as well. */
  warn: (message: string) => void
}
