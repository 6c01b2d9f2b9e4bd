/**
 * Messages to a person. An error is one line on stderr, always. Any other message appears only with `verbose`, on the
 * stream that it names, or on a terminal.
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

/** One line. Control characters, for example from the text of a server, become spaces, so they cannot move the cursor. */
function line(text: string): string {
  return `sera: ${text.replace(/\p{Cc}+/gu, ' ')}\n`
}

export function sayError(host: Host, text: string): void {
  host.stderr.write(line(text))
}

/** Prints with `verbose`, and on a terminal also without it. */
function sayNews(host: Host, voice: Voice, text: string): void {
  if (!readsNews(host, voice)) return
  if (voice.verbose === 'stdout') host.stdout.write(line(text))
  else host.stderr.write(line(text))
}

function readsNews({ stderr }: Host, { quiet, verbose }: Voice): boolean {
  return !quiet && (verbose !== false || stderr.isTerminal)
}

type Syslog = NonNullable<Settings['syslog']>

/** The messages of one run, to a person and to syslog. */
export class Messages {
  voice: Voice = { verbose: false, quiet: false }
  /** Where lines go; undefined until the settings are known, and if syslog is off. */
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

  /** For a person at a terminal, or with `verbose`. */
  news(text: string): void {
    sayNews(this.host, this.voice, text)
  }

  /** With `verbose` only. */
  detail(text: string): void {
    if (this.voice.verbose) this.news(text)
  }

  /** A problem that does not stop the run, as `news` and to syslog. */
  warn(message: string): void {
    this.news(message)
    this.#logWarning(message)
  }

  /** A minor problem, as `detail` and to syslog. */
  note(message: string): void {
    this.detail(message)
    this.#logWarning(message)
  }

  /** A problem that does not stop the run, on stderr also without a terminal: cron and daemons have none. */
  complain(message: string): void {
    if (!this.voice.quiet) sayError(this.host, message)
    this.log('warning', { warning: message })
  }

  /** Writes a line to syslog, unless it is off. */
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

/** Reports how a run ended, in at most one line. */
export function announce(host: Host, voice: Voice, report: Report): void {
  const { outcome } = report
  switch (outcome.kind) {
    case 'ran':
    case 'done':
    case 'broke':
    case 'sick': // printed in full already
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

/** What a run did although its wait failed. */
function whatRan({ command, ranMs }: Report): string {
  if (ranMs !== undefined) return '; the command has ended'
  return command ? '; nothing was run' : ''
}
