/** The timeline's scale: time runs to the right; now is the right edge. */
import { h, s } from './dom.js'

export type Range = '15m' | '1h' | '24h'

/** The time that drawings show. */
export interface Moment {
  /** The time of the status, ms since 1970. */
  at: number
  /** The server's time now. */
  readonly now: number
  range: Range
}

const MINUTE = 60_000

export const RANGES: Record<Range, { ms: number; marks: readonly string[] }> = {
  '15m': { ms: 15 * MINUTE, marks: ['15 min ago', '10 min', '5 min'] },
  '1h': { ms: 60 * MINUTE, marks: ['1 h ago', '45 min', '30 min', '15 min'] },
  '24h': { ms: 1440 * MINUTE, marks: ['24 h ago', '18 h', '12 h', '6 h'] },
}

/** The origin of the coordinates. SVG has single precision, so coordinates must be small. */
const ORIGIN = Date.now()

/** The x coordinate of a moment, in seconds. Undefined (no end yet) is beyond the right edge. */
export function x(moment: number | undefined): number {
  return moment === undefined ? BEYOND : (moment - ORIGIN) / 1000
}

const BEYOND = 1e6

/** The part of the time that a drawing shows, ms since 1970. An undefined beginning or end moves with the time. */
interface TimeSpan {
  from?: number | undefined
  to?: number | undefined
}

/** A drawing of this height, in pixels, with the full width. Only its view box changes as time passes. */
export function drawing(
  height: number,
  label: string,
  { now, range }: Moment,
  { from, to }: TimeSpan = {},
): SVGSVGElement {
  const svg = s('svg', { class: 'time', height, preserveAspectRatio: 'none', role: 'img', 'aria-label': label })
  Object.assign(svg.dataset, { height, from: from ?? '', to: to ?? '' })
  setViewBox(svg, now, range)
  return svg
}

function setViewBox(svg: SVGSVGElement, now: number, range: Range): void {
  const { from, to, height } = svg.dataset
  const begin = from ? Number(from) : now - RANGES[range].ms
  const end = to ? Number(to) : now
  svg.setAttribute('viewBox', `${x(begin)} 0 ${(end - begin) / 1000} ${height}`)
}

/** Moves all drawings to a new now. */
export function moveDrawings(now: number, range: Range): void {
  for (const svg of document.querySelectorAll<SVGSVGElement>('svg.time')) setViewBox(svg, now, range)
}

export function axis(range: Range): HTMLElement[] {
  return [...RANGES[range].marks, 'now'].map(mark => h('span', {}, mark))
}
