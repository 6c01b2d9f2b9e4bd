/**
 * Which runs leave an entry in the history. A run that did not use the tables, or could not, leaves none.
 */
import type { OutcomeKind } from '../outcome.js'
import { TAKEN } from '../store/tables/taken-claims.js'

export const IS_RECORDED: Readonly<Record<OutcomeKind, boolean>> = {
  ran: true,
  done: true,
  broke: true,
  skipped: true,
  'taken-over': true,
  'timed-out': true,
  interrupted: true,
  'not-started': true,
  lost: true,
  overran: true,
  conflict: true,
  config: false,
  usage: false,
  'lock-failed': false,
  stale: false,
  sick: false,
  unwritten: false,
}

const RECORDED_RUNS = Object.entries(IS_RECORDED).flatMap(([kind, isRecorded]) => (isRecorded ? [kind] : []))

/** The outcomes in the history: of runs, and of claims that were broken or reaped. */
export const RECORDED: readonly string[] = [...RECORDED_RUNS, ...TAKEN]
