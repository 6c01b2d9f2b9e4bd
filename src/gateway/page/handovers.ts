/** The moments at one resource when a lock passes from a holder to the next, or when several participants meet. */

import { MEETINGS } from './claim-text.js'
import type { Interval } from './timeline.js'

interface Handover {
  at: number
  members: readonly Interval[]
}

/** The longest hand-over. The page gets a status once a second and can't measure more exactly. */
const HANDOVER_MS = 3000

export function handoversOf(kind: string, intervals: readonly Interval[]): Handover[] {
  return MEETINGS.includes(kind) ? meetings(intervals) : successions(intervals)
}

/** A waiter was granted when a holder released. */
function successions(intervals: readonly Interval[]): Handover[] {
  return intervals.flatMap(next => {
    const at = next.grantedAt
    if (at === undefined || at - next.requestedAt < 1) return []
    const before = intervals.filter(({ endedAt, grantedAt }) => grantedAt !== undefined && isJust(endedAt, at))
    const [last] = before.sort((a, b) => Number(b.endedAt) - Number(a.endedAt)).filter(interval => interval !== next)
    return last ? [{ at, members: [last, next] }] : []
  })
}

/** Allows for clocks that were read at slightly different times. */
function isJust(endedAt: number | undefined, at: number): boolean {
  return endedAt !== undefined && endedAt > at - HANDOVER_MS && endedAt <= at + HANDOVER_MS / 2
}

/** Participants that were granted within a second. */
function meetings(intervals: readonly Interval[]): Handover[] {
  const moments = intervals.flatMap(interval => {
    const at =
      interval.grantedAt ??
      (interval.outcome === 'done' || interval.outcome === undefined ? interval.endedAt : undefined)
    return at === undefined ? [] : [{ at, interval }]
  })
  const joins: { at: number; members: Interval[] }[] = []
  for (const { at, interval } of moments.sort((a, b) => a.at - b.at)) {
    const last = joins.at(-1)
    if (last && at - last.at < 1000) last.members.push(interval)
    else joins.push({ at, members: [interval] })
  }
  return joins.filter(({ members }) => members.length > 1)
}
