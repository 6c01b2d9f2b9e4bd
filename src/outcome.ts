/**
 * How one run of the command line ended, and the exit code each ending has. This table is the only source of exit
 * codes: help prints it, the README and the tests are held against it.
 */
import { constants } from 'node:os'
import { SeraError, unreachable } from './errors.js'

export type OutcomeKind = Outcome['kind']

export type Outcome =
  /** The command ran and ended by itself; `exitCode` is its own (128+n when signal n ended it). */
  | { kind: 'ran'; exitCode: number }
  /** sera did what was asked of it and no command was involved. */
  | { kind: 'done' }
  /** `sera break` has taken a lock from whoever had it. */
  | { kind: 'broke'; reason?: string | undefined }
  | { kind: 'config'; reason: string }
  | { kind: 'usage'; reason: string }
  | { kind: 'lock-failed'; reason: string }
  | { kind: 'not-started'; reason: string }
  | { kind: 'timed-out' }
  | { kind: 'skipped' }
  /** Somebody else ran it (`sera once`); `exitCode` is that run's. */
  | { kind: 'taken-over'; exitCode: number; reason: string }
  /** `hadEnded`: the command had ended by itself before the loss was noticed. */
  | { kind: 'lost'; reason: string; hadEnded?: true }
  | { kind: 'overran'; reason: string }
  | { kind: 'conflict'; reason: string }
  /** The answer of `sera verify` is no. */
  | { kind: 'stale'; reason: string }
  /** `sera doctor` has found something wrong. */
  | { kind: 'sick'; reason: string }
  /** sera did what was asked of it, and could not print it. */
  | { kind: 'unwritten'; reason: string }
  /** A signal ended the wait. */
  | { kind: 'interrupted'; signal: NodeJS.Signals }

/** Exit codes of sera's own, with their meaning as help prints it. 200-205 are those of the original tool. */
export const EXIT_CODES = {
  stale: { code: 1, meaning: 'sera verify: the grant is not the newest, or no longer held' },
  sick: { code: 1, meaning: 'sera doctor: something is wrong' },
  unwritten: { code: 1, meaning: 'what was asked for could not be written to stdout' },
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
      'conflict: participants disagree, a gate is so already, an outer sera holds the lock, or a break is refused',
  },
} as const satisfies Partial<Record<OutcomeKind, { code: number; meaning: string }>>

/** The outcome that an error is. What is no SeraError is a fault of sera's own; nothing has run unguarded. */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof SeraError && error.kind !== 'taken-over') return { kind: error.kind, reason: error.message }
  const reason = error instanceof Error ? error.message : String(error)
  return { kind: 'lock-failed', reason: `internal error: ${reason}; please report it (SERA_DEBUG=1 shows where)` }
}

/** The outcome of some work, or its error; either way `report` gets it first, and is waited for. */
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
