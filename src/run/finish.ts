/** The end of a run: reports the outcome to a person, the outcome file and syslog, and returns the exit code. */
import { writeFileSync } from 'node:fs'
import type { RunOptions } from '../cli/args/options.js'
import { announce, sayError } from '../cli/output/messages.js'
import { auditFields, outcomeLine, type Report, severityOf } from '../cli/output/report.js'
import { resolveSettings } from '../config/resolve.js'
import { SeraError } from '../errors.js'
import type { Host } from '../host.js'
import { exitCodeOf, type Outcome } from '../outcome.js'
import type { RunSetup } from './setup.js'

/** Reports how the run ended, also if its setup failed, and returns the exit code. */
export async function finish(setup: RunSetup, ending: Outcome): Promise<number> {
  const { host, messages, options, settings } = setup
  const outcome = withPrinting(ending, host)
  const exitCode = exitCodeOf(outcome, { ...settings, ...options })
  const report: Report = { ...setup.report, outcome, exitCode }
  announce(host, messages.voice, report)
  writeOutcomeFile(options?.outcomeFile, report, host)
  if (outcome.kind !== 'done' || report.lock !== undefined) await audit(report, setup)
  await messages.close()
  return exitCode
}

/** A run that could not print its answer has failed. */
function withPrinting(outcome: Outcome, { stdout: { failure } }: Host): Outcome {
  if (outcome.kind !== 'done' || failure === undefined) return outcome
  return { kind: 'unwritten', reason: `cannot write to stdout: ${failure}` }
}

async function audit(report: Report, { host, settings, messages }: RunSetup): Promise<void> {
  const known = settings ?? (await settingsWithoutFlags(host))
  messages.syslog = known?.syslog
  const severity = severityOf(report.outcome)
  if (known?.audit || severity !== 'info') messages.log(severity, auditFields(report))
}

/** If a run fails before its settings are known, the config file and the environment say where to log it. */
async function settingsWithoutFlags({ env }: Host) {
  return await resolveSettings({ env }).then(
    ({ settings }) => settings,
    () => undefined,
  )
}

/** Empties the file, so it never shows the outcome of an earlier run. @throws SeraError usage */
export function clearOutcomeFile({ outcomeFile }: RunOptions): void {
  if (outcomeFile === undefined) return
  try {
    writeFileSync(outcomeFile, '')
  } catch (cause) {
    const reason = (cause as Error).message
    throw new SeraError('usage', `cannot write --outcome-file ${outcomeFile}: ${reason}`, { cause })
  }
}

function writeOutcomeFile(file: string | undefined, report: Report, host: Host): void {
  if (file === undefined) return
  try {
    writeFileSync(file, outcomeLine(report))
  } catch (error) {
    sayError(host, `cannot write the outcome to ${file}: ${(error as Error).message}`)
  }
}
