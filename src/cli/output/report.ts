/** What one run has to tell of itself, gathered once and rendered for syslog, for a person and for a file. */

import type { Holder } from '../../claims/lock.js'
import type { Fields, Severity } from '../../log/log.js'
import type { Outcome } from '../../outcome.js'
import { describeHolder } from '../../status/claim-text.js'

export interface Report {
  outcome: Outcome
  exitCode: number
  lock?: string
  command?: readonly string[]
  /** As asked for, ms; Infinity: forever. */
  waitMs?: number
  waitedMs?: number
  ranMs?: number
  token?: string
  /** Who had the lock when this run gave up, or broke it. */
  holder?: HolderFacts
  /** What else there is to say to a person about a wait that was over too soon. */
  situation?: string
}

export type HolderFacts = Pick<Holder, 'host' | 'pid' | 'command'>

/** Failures go to syslog; what went as asked does so only with `audit`. */
export function severityOf(outcome: Outcome): Severity {
  const { kind } = outcome
  if (kind === 'taken-over') return outcome.exitCode === 0 ? 'info' : 'error'
  if (['ran', 'done', 'skipped', 'stale', 'sick'].includes(kind)) return 'info'
  return ['timed-out', 'interrupted', 'broke'].includes(kind) ? 'warning' : 'error'
}

/** The audit line: these fields, in this order, are a contract (README, "Syslog"). */
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

/** `--outcome-file`: one line of JSON. Fields that don't apply are absent; durations are milliseconds. */
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
