/**
 * What sera says to a person, and where. Errors are one line on stderr. Everything else is said only where somebody wants
 * it: with `verbose`, on the stream it names, or on a terminal.
 */
import { formatDuration } from '../../config/duration.js'
import { unreachable } from '../../errors.js'
import type { Host } from '../../host.js'
import { describeHolder, type Report } from './report.js'

export interface Voice {
  verbose: false | 'stdout' | 'stderr'
  quiet: boolean
}

/** One line; control characters (from a server's text, say) can't move the cursor. */
function line(text: string): string {
  return `sera: ${text.replace(/\p{Cc}+/gu, ' ')}\n`
}

export function sayError(host: Host, text: string): void {
  host.stderr.write(line(text))
}

/** For those who asked for it; on a terminal also without being asked. */
export function sayNews(host: Host, voice: Voice, text: string): void {
  if (voice.quiet) return
  if (voice.verbose === 'stdout') host.stdout.write(line(text))
  else if (voice.verbose === 'stderr' || host.stderr.isTerminal) host.stderr.write(line(text))
}

const COMMAND_LOST = 'the lock was lost while the command ran, and the command was ended'

/** How a run ended, in one line or none. */
export function announce(host: Host, voice: Voice, report: Report): void {
  const { outcome } = report
  switch (outcome.kind) {
    case 'ran':
    case 'done':
    case 'broke':
    case 'sick': // has been told in full
      return
    case 'timed-out':
      sayNews(host, voice, timedOut(report))
      return
    case 'skipped':
      sayNews(host, voice, 'skipped: another host was running it and has finished')
      return
    case 'taken-over':
      if (outcome.exitCode === 0) sayNews(host, voice, `${outcome.reason}; nothing was run here`)
      else sayError(host, `${outcome.reason}; it was not run again here`)
      return
    case 'interrupted':
      sayNews(host, voice, `gave up waiting (${outcome.signal})${whatRan(report)}`)
      return
    case 'stale':
      if (!voice.quiet) sayError(host, outcome.reason)
      return
    case 'lost':
      sayError(host, outcome.hadEnded ? outcome.reason : `${COMMAND_LOST}: ${outcome.reason}`)
      return
    case 'overran':
      sayError(host, `the command was ended: ${outcome.reason}`)
      return
    case 'config':
    case 'usage':
    case 'lock-failed':
    case 'not-started':
    case 'conflict':
    case 'unwritten':
      sayError(host, outcome.reason)
      return
    default:
      unreachable(outcome)
  }
}

function timedOut(report: Report): string {
  const { waitMs = 0, lock, holder, situation, ranMs } = report
  if (ranMs !== undefined) return `gave up waiting for the others${whatRan(report)} (${lock}, ${situation})`
  const waited =
    waitMs > 0 ? `timed out after ${formatDuration(waitMs)}` : situation ? 'not at once' : 'the lock is taken'
  const who = situation ?? (holder ? `held by ${describeHolder(holder)}` : 'its holder is not known')
  return `${waited}${whatRan(report)} (${situation === undefined ? 'lock ' : ''}${lock}, ${who})`
}

/** What a run whose wait was over too soon has done. */
function whatRan({ command, ranMs }: Report): string {
  if (ranMs !== undefined) return '; the command has ended'
  return command ? '; nothing was run' : ''
}
