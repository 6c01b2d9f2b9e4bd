/**
 * What sera says to a person, and where. Errors are one line on stderr. Everything else is said only if a person wants it:
 * with `verbose`, on the stream it names, or on a terminal.
 */
import { formatDuration } from '../../config/duration.js'
import type { Settings } from '../../config/settings.js'
import { unreachable } from '../../errors.js'
import type { Host } from '../../host.js'
import type { Fields, Log, Severity } from '../../log/log.js'
import { describeHolder } from '../../status/claim-text.js'
import type { Report } from './report.js'

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

/** With `verbose`; on a terminal also without it. */
function sayNews(host: Host, voice: Voice, text: string): void {
  if (!readsNews(host, voice)) return
  if (voice.verbose === 'stdout') host.stdout.write(line(text))
  else host.stderr.write(line(text))
}

function readsNews({ stderr }: Host, { quiet, verbose }: Voice): boolean {
  return !quiet && (verbose !== false || stderr.isTerminal)
}

type Syslog = NonNullable<Settings['syslog']>

/** What one run says to a person and writes to syslog. */
export class Messages {
  voice: Voice = { verbose: false, quiet: false }
  /** Where lines are written; undefined until the settings are known, or for nowhere. */
  syslog: Syslog | undefined
  #log: Promise<Log> | undefined

  constructor(
    readonly host: Host,
    readonly report: Partial<Report>,
  ) {}

  /** Whether `news` is printed. */
  get isRead(): boolean {
    return readsNews(this.host, this.voice)
  }

  /** For a person who watches on a terminal, or asked for it. */
  news(text: string): void {
    sayNews(this.host, this.voice, text)
  }

  /** For a person who asked for it. */
  detail(text: string): void {
    if (this.voice.verbose) this.news(text)
  }

  /** Something to know that stops nothing. */
  warn(message: string): void {
    this.news(message)
    this.#logWarning(message)
  }

  /** The same, for syslog and for a person who asked for it. */
  note(message: string): void {
    this.detail(message)
    this.#logWarning(message)
  }

  /** Something went wrong that stops nothing. It is said without a terminal too, as a daemon and cron have none. */
  complain(message: string): void {
    if (!this.voice.quiet) sayError(this.host, message)
    this.log('warning', { warning: message })
  }

  /** A line for syslog, where there is one. */
  log(severity: Severity, fields: Fields): void {
    if (!this.syslog) return
    this.#log ??= openLog(this.syslog, this.host.pid)
    void this.#log.then(log => log.write(severity, fields))
  }

  /** Waits until every line has been written. */
  async close(): Promise<void> {
    await (await this.#log)?.close()
  }

  #logWarning(message: string): void {
    this.log('warning', { warning: message, lock: this.report.lock })
  }
}

async function openLog(syslog: Syslog, pid: number): Promise<Log> {
  const [{ openLog }, { spawn }] = await Promise.all([import('../../log/syslog.js'), import('../../child/program.js')])
  return openLog(syslog, { pid, spawn })
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
      sayNews(host, voice, 'skipped: another host has run the command')
      return
    case 'taken-over':
      if (outcome.exitCode === 0) sayNews(host, voice, `${outcome.reason}; not run here`)
      else sayError(host, `${outcome.reason}; not retried here`)
      return
    case 'interrupted':
      sayNews(host, voice, `${outcome.signal} ended the wait${whatRan(report)}`)
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
  if (ranMs !== undefined)
    return `timed out waiting for the other participants${whatRan(report)} (${lock}, ${situation})`
  const waited =
    waitMs > 0 ? `timed out after ${formatDuration(waitMs)}` : situation ? 'not granted at once' : 'the lock is taken'
  const who = situation ?? (holder ? `held by ${describeHolder(holder)}` : 'holder unknown')
  return `${waited}${whatRan(report)} (${situation === undefined ? 'lock ' : ''}${lock}, ${who})`
}

/** What a run whose wait was over too soon has done. */
function whatRan({ command, ranMs }: Report): string {
  if (ranMs !== undefined) return '; the command has ended'
  return command ? '; nothing was run' : ''
}
