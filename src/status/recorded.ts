/**
 * Which runs leave an entry in the history: not one that asked nothing of the tables, nor one that could not use them.
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

/** The outcomes in the history: those of runs, and of claims that were taken away. */
export const RECORDED: readonly string[] = [...RECORDED_RUNS, ...TAKEN]
