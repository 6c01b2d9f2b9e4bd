/**
 * The row of one resource, which opens. Its element stays the same while the resource is listed, so that it keeps the focus.
 */
import { details } from './details.js'
import { h } from './dom.js'
import { nameOf, participants, queue, situation } from './format.js'
import type { ListRow } from './rows.js'
import type { Moment } from './scale.js'
import { strip } from './strip.js'
import { nodesOf } from './time.js'

export class RowView {
  readonly element = h('li', { class: 'row' })
  readonly #kind = h('span', { class: 'kind' })
  readonly #name = h('b')
  readonly #holder = h('span', { class: 'holder' })
  readonly #now = h('span', { class: 'situation' })
  readonly #queue = h('span', { class: 'queue' })
  readonly #overdue = h('span', { class: 'overdue' })
  readonly #strip = h('span', { class: 'strip' })
  readonly #body = h('div', { class: 'body' })
  readonly #details = h('details')
  #shown = ''
  #row: [ListRow, Moment] | undefined

  constructor() {
    const name = h('span', { class: 'name' }, h('span', { class: 'title' }, this.#kind, ' ', this.#name), this.#holder)
    const state = h('span', { class: 'state' }, this.#now, this.#queue, this.#overdue)
    this.#details.append(h('summary', {}, name, state, this.#strip), this.#body)
    this.#details.addEventListener('toggle', () => this.#fill())
    this.element.append(this.#details)
  }

  /** Redraws only if something other than a running time has changed. */
  show(row: ListRow, moment: Moment): void {
    this.#row = [row, moment]
    const { resource, intervals, group } = row
    const { claims, ...own } = resource
    const states = claims.map(({ state, ticket, connection, overdue }) => [state, ticket, connection, overdue])
    const past = intervals.map(({ requestedAt, grantedAt, endedAt, outcome }) => [
      requestedAt,
      grantedAt,
      endedAt,
      outcome,
    ])
    const shown = JSON.stringify([own, states, past, group, moment.range])
    if (shown === this.#shown) return
    this.#shown = shown
    this.#draw(row, moment)
    this.#fill()
  }

  #draw({ resource, intervals, group }: ListRow, moment: Moment): void {
    const { at, now } = moment
    const { kind, name, claims } = resource
    this.element.dataset.group = group
    this.#kind.textContent = kind
    this.#name.textContent = nameOf(resource)
    this.#name.title = name
    this.#holder.textContent = participants(resource)
    this.#now.replaceChildren(...(group === 'earlier' ? [] : nodesOf(situation(resource, at), now)))
    this.#queue.replaceChildren(...nodesOf(queue(resource, at), now))
    const expired = claims.filter(({ overdue }) => overdue).length
    this.#overdue.textContent = expired === 0 ? '' : `${expired} expired`
    this.#strip.replaceChildren(strip(resource, intervals, moment))
  }

  #fill(): void {
    const [row, moment] = this.#row ?? []
    const isShown = this.#details.open && row && moment
    this.#body.replaceChildren(...(isShown ? details(row, moment) : []))
  }
}
