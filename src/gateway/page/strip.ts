/** The timeline of a resource in one row: its holders in alternating shades, and the times with waiters. */

import { s } from './dom.js'
import { endingOf, intervalText } from './interval.js'
import { drawing, type Moment, RANGES, x } from './scale.js'
import type { ResourceJson } from './status.js'
import type { Interval } from './timeline.js'

const HEIGHT = 26
const HELD = { top: 3, height: 14 }
const WAITS = { top: 20, height: 3 }
/** The most simultaneous holders that are drawn apart. */
const MOST_TRACKS = 4
/** A fraction of the width. A shorter hold gets no line at its start; a shorter wait is not drawn. */
const LEAST = 0.006

export function strip({ kind, name, ...resource }: ResourceJson, intervals: readonly Interval[], moment: Moment) {
  const label = `Timeline of ${kind} ${name}: ${intervals.length} ${intervals.length === 1 ? 'claim' : 'claims'}`
  const svg = drawing(HEIGHT, label, moment)
  const since = resource.closedSince
  if (since !== undefined) svg.append(bar('closed', x(Date.parse(since)), x(undefined), HELD.top, HELD.height))
  svg.append(...waits(intervals, leastOf(moment)), ...holds(intervals, leastOf(moment)), ...ends(intervals))
  return svg
}

function holds(intervals: readonly Interval[], least: number): Element[] {
  const had = intervals.filter(({ grantedAt }) => grantedAt !== undefined)
  const inOrder = had.sort((a, b) => Number(a.grantedAt) - Number(b.grantedAt))
  const tracks = tracksOf(inOrder, (least / 4) * 1000)
  const height = HELD.height / tracks.length
  return tracks.flatMap((track, at) =>
    track.flatMap((interval, turn) => {
      const [from, top] = [x(interval.grantedAt), HELD.top + at * height]
      const shade = turn % 2 === 0 ? 'held' : 'held next'
      const rect = bar(shade, from, x(interval.endedAt), top, height - (tracks.length > 1 ? 1 : 0))
      rect.append(s('title', {}, intervalText(interval)))
      const isWide = x(interval.endedAt) - from > least
      return isWide ? [rect, s('path', { class: 'turn', d: `M${from} ${top}v${height}` })] : [rect]
    }),
  )
}

/** A hold that starts after another has ended uses the same track. Ends are recorded slightly late, hence the slack. */
function tracksOf(intervals: readonly Interval[], slackMs: number): Interval[][] {
  const tracks: Interval[][] = []
  const isOver = (interval: Interval | undefined, at: number) =>
    (interval?.endedAt ?? Number.POSITIVE_INFINITY) <= at + slackMs
  for (const interval of intervals) {
    const free = tracks.find(track => isOver(track.at(-1), Number(interval.grantedAt)))
    const track = free ?? (tracks.length < MOST_TRACKS ? undefined : tracks.at(-1))
    if (track) track.push(interval)
    else tracks.push([interval])
  }
  return tracks
}

/** The times with at least one waiter. */
function waits(intervals: readonly Interval[], least: number): Element[] {
  const merged: { from: number; to: number }[] = []
  for (const { requestedAt, grantedAt, endedAt } of intervals) {
    const [from, to] = [x(requestedAt), x(grantedAt ?? endedAt)]
    const last = merged.at(-1)
    if (last && from <= last.to) last.to = Math.max(last.to, to)
    else merged.push({ from, to })
  }
  const wide = merged.filter(({ from, to }) => to - from > least)
  return wide.map(({ from, to }) => bar('waits', from, to, WAITS.top, WAITS.height))
}

function ends(intervals: readonly Interval[]): Element[] {
  return intervals.flatMap(interval => {
    const ending = endingOf(interval)
    if (interval.endedAt === undefined || ending === '') return []
    return [
      s('path', { class: `end ${ending}`, d: `M${x(interval.endedAt)} ${HELD.top - 2}V${WAITS.top + WAITS.height}` }),
    ]
  })
}

function leastOf({ range }: Moment): number {
  return (RANGES[range].ms / 1000) * LEAST
}

export function bar(style: string, from: number, to: number, y: number, height: number): SVGRectElement {
  return s('rect', { class: `bar ${style}`, x: from, y, width: Math.max(0, to - from), height })
}
