/** The timeline's scale: time runs to the right, and now is at the right edge. */
import { h, s } from './dom.js'

export type Range = '15m' | '1h' | '24h'

/** What drawings are made for. */
export interface Moment {
  /** When the picture was taken, ms since 1970. */
  at: number
  /** By the server's clock, and always now. */
  readonly now: number
  range: Range
}

const MINUTE = 60_000

export const RANGES: Record<Range, { ms: number; marks: readonly string[] }> = {
  '15m': { ms: 15 * MINUTE, marks: ['15 min ago', '10 min', '5 min'] },
  '1h': { ms: 60 * MINUTE, marks: ['1 h ago', '45 min', '30 min', '15 min'] },
  '24h': { ms: 1440 * MINUTE, marks: ['24 h ago', '18 h', '12 h', '6 h'] },
}

/** Coordinates count from here, so that they stay small: drawings have single precision. */
const ORIGIN = Date.now()

/** Where a moment is, in a drawing: seconds. What has no end yet goes on beyond the right edge. */
export function x(moment: number | undefined): number {
  return moment === undefined ? BEYOND : (moment - ORIGIN) / 1000
}

const BEYOND = 1e6

/** What a drawing shows, ms since 1970; what has no fixed beginning or end moves with the time. */
interface TimeSpan {
  from?: number | undefined
  to?: number | undefined
}

/** A drawing `height` pixels high, as wide as there is room. It moves with the time by its view box alone. */
export function drawing(
  height: number,
  label: string,
  { now, range }: Moment,
  { from, to }: TimeSpan = {},
): SVGSVGElement {
  const svg = s('svg', { class: 'time', height, preserveAspectRatio: 'none', role: 'img', 'aria-label': label })
  Object.assign(svg.dataset, { height, from: from ?? '', to: to ?? '' })
  look(svg, now, range)
  return svg
}

function look(svg: SVGSVGElement, now: number, range: Range): void {
  const { from, to, height } = svg.dataset
  const begin = from ? Number(from) : now - RANGES[range].ms
  const end = to ? Number(to) : now
  svg.setAttribute('viewBox', `${x(begin)} 0 ${(end - begin) / 1000} ${height}`)
}

/** All drawings, to a new now. */
export function moveOn(now: number, range: Range): void {
  for (const svg of document.querySelectorAll<SVGSVGElement>('svg.time')) look(svg, now, range)
}

export function axis(range: Range): HTMLElement[] {
  return [...RANGES[range].marks, 'now'].map(mark => h('span', {}, mark))
}
