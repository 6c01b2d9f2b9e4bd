/** The report on one run. It is collected once, and rendered for a person, for syslog and for the outcome file. */
import type { Holder } from '../../claims/lock.js'
import type { Fields, Severity } from '../../log/log.js'
import type { Outcome } from '../../outcome.js'
import { describeHolder } from '../../status/claim-text.js'

export interface Report {
  outcome: Outcome
  exitCode: number
  lock?: string
  command?: readonly string[]
  /** The requested wait, ms; Infinity means forever. */
  waitMs?: number
  waitedMs?: number
  ranMs?: number
  token?: string
  /** The holder when this run timed out, or broke the lock. */
  holder?: HolderFacts
  /** The state of the resource when the wait timed out, for a person. */
  situation?: string
}

export type HolderFacts = Pick<Holder, 'host' | 'pid' | 'command'>

/** sera logs failures always, and `info` only with `audit`. */
export function severityOf(outcome: Outcome): Severity {
  const { kind } = outcome
  if (kind === 'taken-over') return outcome.exitCode === 0 ? 'info' : 'error'
  if (['ran', 'done', 'skipped', 'stale', 'sick'].includes(kind)) return 'info'
  return ['timed-out', 'interrupted', 'broke'].includes(kind) ? 'warning' : 'error'
}

/** The fields of the audit line. Names and order are a contract (docs/reference/syslog.md). */
export function auditFields(report: Report): Fields {
  const { outcome, lock, command, waitMs, waitedMs, ranMs, token, holder, exitCode } = report
  return {
    outcome: outcome.kind,
    lock,
    exit: exitCode,
    wait: waitMs === undefined ? undefined : waitMs === Number.POSITIVE_INFINITY ? 'forever' : waitMs / 1000,
    waited: seconds(waitedMs),
    ran: seconds(ranMs),
    token,
    holder: holder && describeHolder(holder),
    signal: outcome.kind === 'interrupted' ? outcome.signal : undefined,
    reason: 'reason' in outcome ? outcome.reason : undefined,
    command: command?.join(' '),
  }
}

/** One line of JSON for `--outcome-file`. Fields that do not apply are absent; durations are in ms. */
export function outcomeLine(report: Report): string {
  const { outcome, waitMs, situation: _, ...rest } = report
  const wait = waitMs === Number.POSITIVE_INFINITY ? { waitMs: null } : { waitMs }
  return `${JSON.stringify({ outcome: outcome.kind, ...reasonOf(outcome), ...rest, ...wait })}\n`
}

function reasonOf(outcome: Outcome): { reason?: string | undefined } {
  return 'reason' in outcome ? { reason: outcome.reason } : {}
}

function seconds(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : (ms / 1000).toFixed(1)
}
