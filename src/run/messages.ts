/** What one run says to a person and writes to syslog. */
import { sayError, sayNews, type Voice } from '../cli/output/messages.js'
import type { Report } from '../cli/output/report.js'
import type { Settings } from '../config/settings.js'
import type { Host } from '../host.js'
import type { Fields, Log, Severity } from '../log/log.js'

type Syslog = NonNullable<Settings['syslog']>

export class Messages {
  voice: Voice = { verbose: false, quiet: false }
  /** Where lines are written; undefined until the settings are known, or for nowhere. */
  syslog: Syslog | undefined
  #log: Promise<Log> | undefined

  constructor(
    readonly host: Host,
    readonly report: Partial<Report>,
  ) {}

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
  const [{ openLog }, { spawn }] = await Promise.all([import('../log/syslog.js'), import('../child/program.js')])
  return openLog(syslog, { pid, spawn })
}
