/** The page shows times by the server's clock and updates them each second. */
import { formatLength } from './claim-text.js'
import { h } from './dom.js'
import type { Piece } from './format.js'

/** Estimates the server's clock: the status that arrived fastest has the smallest delay. */
export class ServerClock {
  #delay = Number.POSITIVE_INFINITY

  learn(at: number): void {
    this.#delay = Math.min(this.#delay, Date.now() - at)
  }

  /** While the page was hidden, a clock may have been set. */
  forget(): void {
    this.#delay = Number.POSITIVE_INFINITY
  }

  now(): number {
    return Date.now() - (Number.isFinite(this.#delay) ? this.#delay : 0)
  }
}

/** Text and times as nodes; `tick` updates the times. */
export function nodesOf(pieces: readonly Piece[], now: number): Node[] {
  return pieces.map(piece => {
    if (typeof piece === 'string') return document.createTextNode(piece)
    const [sign, moment] = 'since' in piece ? [1, piece.since] : [-1, piece.until]
    const date = new Date(moment)
    const attributes = { datetime: date.toISOString(), title: exact(moment), 'data-sign': `${sign}` }
    return h('time', attributes, formatLength(Math.max(0, sign * (now - moment))))
  })
}

export function tick(now: number): void {
  for (const time of document.querySelectorAll('time')) {
    const text = formatLength(Math.max(0, Number(time.dataset.sign) * (now - Date.parse(time.dateTime))))
    if (time.textContent !== text) time.textContent = text
  }
}

/** `2026-11-21 16:40:12.345`, in the local time zone. */
function exact(moment: number): string {
  const date = new Date(moment)
  const [local] = new Date(moment - date.getTimezoneOffset() * 60_000).toISOString().split('Z')
  return (local ?? '').replace('T', ' ')
}
