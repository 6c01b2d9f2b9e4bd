/** One interval as text. */

import { lengthOf } from './format.js'
import type { Interval } from './timeline.js'

/**
 * `met`: passed without holding the resource. `failed`: timed out, lost the lock, or the command failed. '': no mark.
 */
export function endingOf({ outcome, exitCode, grantedAt, endedAt }: Interval): 'met' | 'failed' | '' {
  if (endedAt === undefined || outcome === undefined) return ''
  if (outcome === 'ran' || outcome === 'taken-over') return exitCode === 0 ? '' : 'failed'
  if (outcome === 'done' || outcome === 'skipped') return grantedAt === undefined ? 'met' : ''
  return 'failed'
}

/** `web-2 4312: waited 3.1s, held 12s, exit 1 (upgrade.sh)` */
export function intervalText({ who, command, requestedAt, grantedAt, endedAt, outcome, exitCode }: Interval): string {
  const facts = [
    grantedAt === undefined && endedAt === undefined ? 'waiting' : '',
    (grantedAt ?? endedAt) === undefined ? '' : `waited ${lengthOf(Number(grantedAt ?? endedAt) - requestedAt)}`,
    grantedAt === undefined ? '' : endedAt === undefined ? 'holding' : `held ${lengthOf(endedAt - grantedAt)}`,
    outcome === undefined ? '' : outcomeText(outcome, exitCode),
  ]
  return `${who}: ${facts.filter(Boolean).join(', ')}${command === '' ? '' : ` (${command})`}`
}

export function outcomeText(outcome: string, exitCode: number | undefined): string {
  return outcome === 'ran' ? `exit ${exitCode ?? '?'}` : outcome
}
