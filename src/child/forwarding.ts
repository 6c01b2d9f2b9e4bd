/**
 * Which signals sera forwards, and to which processes. sera forwards a signal that was sent to sera alone, but not what
 * the kernel or a shell has already sent to the whole group.
 *
 * With a terminal:
 * 1. sera and the command share a process group, as they would without sera.
 * 2. In the foreground the kernel sends Ctrl-C and Ctrl-\ to both.
 * 3. A hang-up takes the terminal from every process of the session, and the session's leader gets the signal. A shell as the
 *    leader signals its jobs; if it dies, the kernel signals the foreground group. So sera forwards it only as the leader.
 *
 * Without a terminal the command leads its own group. A signal that asks it to end goes to the whole group, as Ctrl-C
 * would: a shell script that ends at TERM must not leave its processes unguarded. HUP, USR1 and USR2 are for one
 * service and go to the command alone.
 */
import type { ProcessState } from './process-table.js'

export type Recipient = 'none' | 'command' | 'group'

export interface Situation {
  /** The command leads a group of its own. */
  ownGroup: boolean
  /** This process now; undefined where there is no /proc. */
  self: ProcessState | undefined
  pid: number
}

export function recipientOf(signal: NodeJS.Signals, { ownGroup, self, pid }: Situation): Recipient {
  if (ownGroup) return signal === 'SIGINT' || signal === 'SIGTERM' || signal === 'SIGQUIT' ? 'group' : 'command'
  if (self?.foreground && (signal === 'SIGINT' || signal === 'SIGQUIT')) return 'none'
  const hungUp = signal === 'SIGHUP' && self !== undefined && !self.terminal
  return hungUp && self.session !== pid ? 'none' : 'command'
}
