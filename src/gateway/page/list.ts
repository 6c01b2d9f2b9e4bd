/** The rows under their headings, and the message if there are none. */
import { arrange, byId, h } from './dom.js'
import { RowView } from './row.js'
import type { ListRow, RowGroup } from './rows.js'
import type { Moment } from './scale.js'

const HEADINGS: Record<RowGroup, string> = {
  waiting: 'With waiters',
  held: 'Held',
  kept: 'Idle',
  expired: 'Expired',
  earlier: 'Finished',
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
    // a row that has moved has lost the focus
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

/** The message for an empty list: there are no resources, or none matches the filter. */
export function emptyMessage(isFiltered: boolean, text: string): Node[] {
  if (isFiltered) {
    const what = text === '' ? 'Nothing matches this filter.' : `Nothing matches “${text}”.`
    return [h('h2', {}, what), h('p', {}, 'Press ', h('kbd', {}, 'Esc'), ' to clear the filter.')]
  }
  return [
    h('h2', {}, 'No holders, no waiters'),
    h('p', {}, 'A lock appears here while a command runs under sera. Try it on any host:'),
    h('pre', {}, 'sera rwlock write demo 60 sleep 20'),
    h('p', {}, 'Run it in two terminals: the second waits for the first.'),
  ]
}

/** The arrow keys move from row to row. The browser itself opens a row with Enter. */
export function useArrowKeys(): void {
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

/** Whether the element uses the arrow keys itself. The search field does not: the down key leads to the first result. */
function hasArrows(target: EventTarget | null): boolean {
  return target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && target.type === 'radio')
}
