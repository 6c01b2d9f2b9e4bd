/**
 * Draws one lane for each participant at a resource. A thin bar is a wait, a thick bar a hold. A vertical line joins the lanes of
 * a hand-over or a meeting.
 */

import { h, s } from './dom.js'
import { handoversOf } from './handovers.js'
import { endingOf, intervalText } from './interval.js'
import { drawing, type Moment, RANGES, x } from './scale.js'
import { bar } from './strip.js'
import { nodesOf } from './time.js'
import type { Interval } from './timeline.js'

const LANE = 22
/** The newest; more would not be readable. */
const MOST_LANES = 20

export function lanes(kind: string, all: readonly Interval[], moment: Moment): HTMLElement {
  const names = [...new Set(all.map(({ who }) => who))]
  const shown = names.slice(-MOST_LANES)
  const intervals = all.filter(({ who }) => shown.includes(who))
  const laneOf = ({ who }: Interval) => shown.indexOf(who)
  const span = spanOf(intervals, moment)
  const svg = drawing(shown.length * LANE, `${shown.length} lanes; the list below has the same data`, moment, span)
  svg.append(...intervals.flatMap(interval => lane(interval, laneOf(interval))), ...joins(kind, intervals, laneOf))
  const left = names.length - shown.length
  return h(
    'div',
    { class: 'lanes' },
    h('ol', { 'aria-hidden': 'true' }, ...shown.map(who => h('li', { title: who }, who))),
    h('div', { class: 'field' }, svg),
    h('span', { class: 'left' }, left === 0 ? '' : `${left} earlier lanes not drawn`),
    h('div', { class: 'ends' }, ...ends(span, moment.now)),
  )
}

/** The time that these intervals cover, so that hand-overs are visible. An interval without an end reaches to now. */
function spanOf(intervals: readonly Interval[], { now, range }: Moment): { from: number; to: number | undefined } {
  const first = Math.min(...intervals.map(({ requestedAt }) => requestedAt))
  const last = Math.max(...intervals.map(({ endedAt = Number.POSITIVE_INFINITY }) => endedAt))
  const margin = (Math.min(last, now) - first) / 50 + 100
  const to = Number.isFinite(last) ? last + margin : undefined
  return { from: Math.max(first - margin, now - RANGES[range].ms), to }
}

function ends({ from, to }: { from: number; to: number | undefined }, now: number): HTMLElement[] {
  const end = to === undefined ? ['now'] : nodesOf([{ since: to }, ' ago'], now)
  return [h('span', {}, ...nodesOf([{ since: from }, ' ago'], now)), h('span', {}, ...end)]
}

function lane(interval: Interval, at: number): Element[] {
  const { requestedAt, grantedAt, endedAt } = interval
  const top = at * LANE
  const waited = bar('waits', x(requestedAt), x(grantedAt ?? endedAt), top + 9, 4)
  const had = grantedAt === undefined ? [] : [bar('held', x(grantedAt), x(endedAt), top + 4, 14)]
  const bars = [waited, ...had]
  for (const one of bars) one.append(s('title', {}, intervalText(interval)))
  const ending = endingOf(interval)
  if (ending === '') return bars
  return [...bars, s('path', { class: `end ${ending}`, d: `M${x(endedAt)} ${top + 2}v18` })]
}

function joins(kind: string, intervals: readonly Interval[], laneOf: (interval: Interval) => number): Element[] {
  return handoversOf(kind, intervals).flatMap(({ at, members }) => {
    const lanes = members.map(laneOf)
    const [top, bottom] = [Math.min(...lanes), Math.max(...lanes)]
    if (top === bottom) return []
    return [s('path', { class: 'join', d: `M${x(at)} ${top * LANE + LANE / 2}V${bottom * LANE + LANE / 2}` })]
  })
}
