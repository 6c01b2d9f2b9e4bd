/** The rows under their headings, and what to do where there are none. */
import { arrange, byId, h } from './dom.js'
import { RowView } from './row.js'
import type { ListRow, RowGroup } from './rows.js'
import type { Moment } from './scale.js'

const HEADINGS: Record<RowGroup, string> = {
  waiting: 'Waited for',
  held: 'Held',
  kept: 'Remembered',
  expired: 'Expired',
  earlier: 'Earlier',
}

export class List {
  readonly #rows = new Map<string, RowView>()
  readonly #sections = new Map<RowGroup, { section: HTMLElement; count: HTMLElement; rows: HTMLElement }>()

  constructor() {
    for (const [group, heading] of Object.entries(HEADINGS) as [RowGroup, string][]) {
      const count = h('span', { class: 'count' })
      const rows = h('ul', { class: 'rows' })
      const section = h('section', { 'aria-labelledby': `heading-${group}` })
      section.append(h('h2', { id: `heading-${group}` }, heading, ' ', count), rows)
      this.#sections.set(group, { section, count, rows })
    }
  }

  show(rows: readonly ListRow[], moment: Moment): void {
    const focused = document.activeElement
    this.#arrange(rows, moment)
    // a row that has moved, to another heading perhaps, has lost it
    if (focused instanceof HTMLElement && focused.isConnected) focused.focus({ preventScroll: true })
  }

  #arrange(rows: readonly ListRow[], moment: Moment): void {
    for (const [group, { count, rows: list }] of this.#sections) {
      const mine = rows.filter(row => row.group === group)
      count.textContent = String(mine.length)
      arrange(
        list,
        mine.map(row => this.#view(row, moment).element),
      )
    }
    const used = [...this.#sections.values()].filter(({ rows }) => rows.childElementCount > 0)
    arrange(
      byId('groups'),
      used.map(({ section }) => section),
    )
    const keys = new Set(rows.map(({ key }) => key))
    for (const key of this.#rows.keys()) if (!keys.has(key)) this.#rows.delete(key)
  }

  #view(row: ListRow, moment: Moment): RowView {
    const view = this.#rows.get(row.key) ?? new RowView()
    this.#rows.set(row.key, view)
    view.show(row, moment)
    return view
  }
}

/** Nothing is there at all, or nothing of what was asked for. */
export function nothing(isFiltered: boolean, text: string): Node[] {
  if (isFiltered) {
    const what = text === '' ? 'Nothing like that is there now.' : `Nothing matches “${text}”.`
    return [h('h2', {}, what), h('p', {}, 'Clear the search with ', h('kbd', {}, 'Esc'), ', or show all kinds.')]
  }
  return [
    h('h2', {}, 'Nothing is held, and nobody waits.'),
    h('p', {}, 'As soon as a host runs a command with sera, it is seen here. On any host:'),
    h('pre', {}, 'sera rwlock write demo 60 sleep 20'),
    h('p', {}, 'Run it in two terminals to see one wait for the other.'),
  ]
}

/** Up and down go from row to row, wherever the pointer is; Enter opens, which browsers do by themselves. */
export function moveKeys(): void {
  document.addEventListener('keydown', event => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey || hasArrows(event.target)) return
    const rows = [...document.querySelectorAll<HTMLElement>('.row summary')]
    const at = rows.indexOf(document.activeElement as HTMLElement)
    const next = at === -1 ? rows.at(step > 0 ? 0 : -1) : rows[at + step]
    if (!next) return
    event.preventDefault()
    next.focus()
    next.scrollIntoView({ block: 'nearest' })
  })
}

/** Choices have a use for arrows themselves. A search has not: down leads from it to what it found. */
function hasArrows(target: EventTarget | null): boolean {
  return target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type === 'radio')
}
