/**
 * The outcomes of a run, and their exit codes. `EXIT_CODES` is the only source of exit codes: help and
 * docs/reference/exit-codes.md print it.
 */
import { constants } from 'node:os'
import { SeraError, unreachable } from './errors.js'

export type OutcomeKind = Outcome['kind']

export type Outcome =
  /** The command ran and ended by itself. `exitCode` is that of the command, 128+n if signal n ended it. */
  | { kind: 'ran'; exitCode: number }
  /** sera did what was asked, without a command. */
  | { kind: 'done' }
  /** `sera break` has removed the claims. */
  | { kind: 'broke'; reason?: string | undefined }
  | { kind: 'config'; reason: string }
  | { kind: 'usage'; reason: string }
  | { kind: 'lock-failed'; reason: string }
  | { kind: 'not-started'; reason: string }
  | { kind: 'timed-out' }
  | { kind: 'skipped' }
  /** Another participant ran the command (`sera once`). `exitCode` is that of its run. */
  | { kind: 'taken-over'; exitCode: number; reason: string }
  /** `hadEnded`: the command had ended by itself before sera detected the loss. */
  | { kind: 'lost'; reason: string; hadEnded?: true }
  | { kind: 'overran'; reason: string }
  | { kind: 'conflict'; reason: string }
  /** The answer of `sera verify` is no. */
  | { kind: 'stale'; reason: string }
  /** A check of `sera doctor` failed. */
  | { kind: 'sick'; reason: string }
  /** sera did what was asked, but could not write the result to stdout. */
  | { kind: 'unwritten'; reason: string }
  /** A signal ended the wait. */
  | { kind: 'interrupted'; signal: NodeJS.Signals }

/** Exit codes of sera's own, with their meaning as help prints it. 200-205 are those of the original tool. */
export const EXIT_CODES = {
  stale: { code: 1, meaning: 'sera verify: the grant is not the newest, or no longer held' },
  sick: { code: 1, meaning: 'sera doctor: a check failed' },
  unwritten: { code: 1, meaning: 'the result could not be written to stdout' },
  config: { code: 200, meaning: 'the config file is missing, unreadable or invalid' },
  usage: { code: 201, meaning: 'wrong usage' },
  'lock-failed': {
    code: 202,
    meaning: 'lock failed: the database or gateway is unreachable, refused, or cannot lock safely',
  },
  'not-started': { code: 203, meaning: 'the command could not be started' },
  'timed-out': { code: 204, meaning: 'timed out waiting (another code with --timeout-exit-code)' },
  skipped: { code: 205, meaning: 'skipped (with --detailed-exit-codes only, otherwise 0)' },
  lost: { code: 206, meaning: 'the lock was lost while the command ran: the command was ended, or had ended by then' },
  overran: { code: 207, meaning: 'the command ran longer than --run-at-most and was ended' },
  conflict: {
    code: 208,
    meaning:
      'conflict: participants disagree, a gate is already open or closed, a parent sera holds the lock, or a break is refused',
  },
} satisfies Partial<Record<OutcomeKind, { code: number; meaning: string }>>

/** The outcome of an error. An error that is no SeraError is a bug of sera; no command has run unguarded. */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof SeraError && error.kind !== 'taken-over') return { kind: error.kind, reason: error.message }
  const reason = error instanceof Error ? error.message : String(error)
  return { kind: 'lock-failed', reason: `internal error: ${reason}; please report it (SERA_DEBUG=1 shows where)` }
}

/** Runs `work` and reports its outcome before it returns or throws. */
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

export interface ExitCodeOptions {
  detailedExitCodes?: boolean | undefined
  timeoutExitCode?: number | undefined
}

/** The exit code of an outcome. */
export function exitCodeOf(outcome: Outcome, options: ExitCodeOptions = {}): number {
  switch (outcome.kind) {
    case 'ran':
    case 'taken-over':
      return outcome.exitCode
    case 'done':
    case 'broke':
      return 0
    case 'interrupted':
      return exitCodeOfSignal(outcome.signal)
    case 'timed-out':
      return options.timeoutExitCode ?? EXIT_CODES['timed-out'].code
    case 'skipped':
      return options.detailedExitCodes ? EXIT_CODES.skipped.code : 0
    case 'config':
    case 'usage':
    case 'lock-failed':
    case 'not-started':
    case 'lost':
    case 'overran':
    case 'conflict':
    case 'stale':
    case 'sick':
    case 'unwritten':
      return EXIT_CODES[outcome.kind].code
    default:
      return unreachable(outcome)
  }
}

/** 128+n, as a shell reports a command that signal n ended. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}
