/** One run of the command line: what becomes known on the way, and how it is told at the end, however it ends. */
import { writeFileSync } from 'node:fs'
import type { FlagValues } from '../cli/args/flags.js'
import { type RunOptions, runOptions, settingFlags } from '../cli/args/options.js'
import { announce, sayDetail, sayError, sayNews, type Voice } from '../cli/output/messages.js'
import { auditFields, outcomeLine, type Report, severityOf } from '../cli/output/report.js'
import { type Resolved, resolveSettings } from '../config/resolve.js'
import type { Settings } from '../config/settings.js'
import { SeraError } from '../errors.js'
import type { Host } from '../host.js'
import type { Fields, Log, Severity } from '../log/log.js'
import { exitCodeOf, type Outcome } from '../outcome.js'

/** What the settings are for. */
export interface Purpose {
  /** Nothing will be asked of a server. */
  serverless?: boolean
  /** There is no command that might have to be ended. */
  graceless?: boolean
  /** stdout is for data: messages go to stderr whatever the settings say. */
  data?: boolean
}

export class RunContext {
  readonly report: Partial<Report> = {}
  voice: Voice = { verbose: false, quiet: false }
  options: RunOptions | undefined
  #settings: Settings | undefined
  #log: Promise<Log> | undefined

  constructor(readonly host: Host) {}

  /** Checks the flags of this run. @throws SeraError usage */
  takeOptions(flags: FlagValues): RunOptions {
    this.options = runOptions(flags)
    this.#clearOutcomeFile()
    this.voice = { verbose: flags.verbose === true ? 'stderr' : false, quiet: this.options.quiet }
    return this.options
  }

  /** Brings config file, environment and flags together. @throws SeraError config, usage */
  async configure(flags: FlagValues, { data = false, ...purpose }: Purpose): Promise<Settings> {
    const { settings, warnings } = await this.resolve(flags, purpose)
    this.voice.verbose = data && settings.verbose ? 'stderr' : settings.verbose
    for (const warning of warnings) this.warn(warning)
    return settings
  }

  /** The same with what there is to tell of it, and without telling. @throws SeraError config, usage */
  async resolve(flags: FlagValues, { serverless = false, graceless = false }: Purpose): Promise<Resolved> {
    const given = { env: this.host.env, flags: settingFlags(flags), serverless, graceless }
    const resolved = await resolveSettings(given)
    this.#settings = resolved.settings
    return resolved
  }

  /** Something to know that stops nothing. */
  warn(message: string): void {
    sayNews(this.host, this.voice, message)
    this.#writeWarning(message)
  }

  /** Something that only those want to know who look for it. */
  note(message: string): void {
    sayDetail(this.host, this.voice, message)
    this.#writeWarning(message)
  }

  #writeWarning(message: string): void {
    this.log('warning', { warning: message, lock: this.report.lock })
  }

  /** Tells how the run ended to all who want to know, and returns its exit code. */
  async finish(ending: Outcome): Promise<number> {
    const outcome = this.#seen(ending)
    const detailedExitCodes = this.#settings?.detailedExitCodes
    const exitCode = exitCodeOf(outcome, { detailedExitCodes, timeoutExitCode: this.options?.timeoutExitCode })
    const report: Report = { ...this.report, outcome, exitCode }
    announce(this.host, this.voice, report)
    this.#writeOutcomeFile(report)
    if (outcome.kind !== 'done' || report.lock !== undefined) await this.#audit(report)
    await (await this.#log)?.close()
    return exitCode
  }

  /** What sera was to print and could not has not been done for whoever asked. */
  #seen(outcome: Outcome): Outcome {
    const { failure } = this.host.stdout
    if (outcome.kind !== 'done' || failure === undefined) return outcome
    return { kind: 'unwritten', reason: `cannot write to stdout: ${failure}` }
  }

  async #audit(report: Report): Promise<void> {
    // a run that failed before its settings were known is logged as the rest of the configuration says
    this.#settings ??= await resolveSettings({ env: this.host.env }).then(
      ({ settings }) => settings,
      () => undefined,
    )
    const severity = severityOf(report.outcome)
    if (this.#settings?.audit || severity !== 'info') this.log(severity, auditFields(report))
  }

  /** A line for syslog, where there is one. */
  log(severity: Severity, fields: Fields): void {
    const syslog = this.#settings?.syslog
    if (!syslog) return
    this.#log ??= openLog(syslog, this.host.pid)
    void this.#log.then(log => log.write(severity, fields))
  }

  /** What an earlier run left there must not be taken for this one's, and a place that can't be written is told before. */
  #clearOutcomeFile(): void {
    const file = this.options?.outcomeFile
    if (file === undefined) return
    try {
      writeFileSync(file, '')
    } catch (cause) {
      throw new SeraError('usage', `cannot write --outcome-file ${file}: ${(cause as Error).message}`, { cause })
    }
  }

  #writeOutcomeFile(report: Report): void {
    const file = this.options?.outcomeFile
    if (file === undefined) return
    try {
      writeFileSync(file, outcomeLine(report))
    } catch (error) {
      sayError(this.host, `cannot write the outcome to ${file}: ${(error as Error).message}`)
    }
  }
}

async function openLog(syslog: NonNullable<Settings['syslog']>, pid: number): Promise<Log> {
  const [{ openLog }, { spawn }] = await Promise.all([import('../log/syslog.js'), import('../child/program.js')])
  return openLog(syslog, { pid, spawn })
}

/** The outcome that an error is. What is no SeraError is a fault of sera's own; nothing has run unguarded. */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof SeraError && error.kind !== 'taken-over') return { kind: error.kind, reason: error.message }
  const reason = error instanceof Error ? error.message : String(error)
  return { kind: 'lock-failed', reason: `internal error: ${reason}; please report it (SERA_DEBUG=1 shows where)` }
}

/** The outcome of some work, or its error; either way `told` is told before, and waited for. */
export async function reportingOutcome(
  work: () => Promise<Outcome>,
  report: (outcome: Outcome) => Promise<void>,
): Promise<Outcome> {
  let outcome: Outcome
  try {
    outcome = await work()
  } catch (error) {
    await report(outcomeOf(error))
    throw error
  }
  await report(outcome)
  return outcome
}

/** One run of the command line, as whoever carries it out gets it. */
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
