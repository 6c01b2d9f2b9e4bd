/** Times on the page are the server's, and count on by themselves between two pictures. */
import { formatLength } from './claim-text.js'
import { h } from './dom.js'
import type { Piece } from './format.js'

/** The server's clock as far as this one can tell: the quickest answer is the least late. */
export class ServerClock {
  #lateness = Number.POSITIVE_INFINITY

  learn(at: number): void {
    this.#lateness = Math.min(this.#lateness, Date.now() - at)
  }

  /** After a sleep, say, clocks may have been set. */
  forget(): void {
    this.#lateness = Number.POSITIVE_INFINITY
  }

  now(): number {
    return Date.now() - (Number.isFinite(this.#lateness) ? this.#lateness : 0)
  }
}

/** Text and times as nodes; `tick` keeps them true. */
export function said(pieces: readonly Piece[], now: number): Node[] {
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

/** `2026-11-21 16:40:12.345`, as clocks show it here. */
function exact(moment: number): string {
  const date = new Date(moment)
  const [local] = new Date(moment - date.getTimezoneOffset() * 60_000).toISOString().split('Z')
  return (local ?? '').replace('T', ' ')
}
