/**
 * Which signals sera passes on, and to whom. Everything that reaches sera alone reaches the command; what the kernel or
 * a shell has sent to the whole group, sera does not send again.
 *
 * With a terminal, sera and the command share a process group, as they would without sera. In the foreground the kernel
 * gives Ctrl-C and Ctrl-\ to both. A hang-up takes the terminal from every process of the session and is told to the
 * session's leader, whose shell tells its jobs, or whose death makes the kernel tell the foreground group; only when sera
 * is the leader itself does nobody else tell the command.
 *
 * Without a terminal the command leads its own group. What asks it to end goes to the whole group, as Ctrl-C would
 * (a shell script that ends at TERM must not leave what it was running unguarded); HUP, USR1 and USR2 are words
 * between a service and its operator and go to the command alone.
 */
import type { ProcessState } from './process-table.js'

export type Recipient = 'nobody' | 'command' | 'group'

export interface Situation {
  /** The command leads a group of its own. */
  ownGroup: boolean
  /** This process now; undefined where there is no /proc. */
  self: ProcessState | undefined
  pid: number
}

export function recipientOf(signal: NodeJS.Signals, { ownGroup, self, pid }: Situation): Recipient {
  if (ownGroup) return signal === 'SIGINT' || signal === 'SIGTERM' || signal === 'SIGQUIT' ? 'group' : 'command'
  if (self?.foreground && (signal === 'SIGINT' || signal === 'SIGQUIT')) return 'nobody'
  const hungUp = signal === 'SIGHUP' && self !== undefined && !self.terminal
  return hungUp && self.session !== pid ? 'nobody' : 'command'
}
