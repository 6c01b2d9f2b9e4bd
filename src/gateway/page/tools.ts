/** The filter and the range. Both are in the URL's hash, so that a link can be shared. */
import { byId, h } from './dom.js'
import type { RowFilter, RowGroup } from './rows.js'
import type { Range } from './scale.js'

const ANY = { text: '', kind: '', group: '', range: '15m' }

export class Tools {
  readonly #form = byId<HTMLFormElement>('tools')
  readonly #text = byId<HTMLInputElement>('text')
  readonly #kind = byId<HTMLSelectElement>('kind')

  constructor(changed: () => void) {
    this.#readHash()
    this.#form.addEventListener('submit', event => event.preventDefault())
    this.#form.addEventListener('input', () => {
      this.#writeHash()
      changed()
    })
    document.addEventListener('keydown', event => {
      if (event.key === '/' && !isTyping(event.target)) this.#focus(event)
      if (event.key === 'Escape' && this.#isFiltered) {
        this.#clear()
        changed()
      }
    })
  }

  get filter(): RowFilter {
    return { text: this.#text.value, kind: this.#kind.value, group: this.#chosen('group') as RowGroup | '' }
  }

  get range(): Range {
    return this.#chosen('range') as Range
  }

  /** Offers the kinds that exist. */
  offerKinds(kinds: readonly string[]): void {
    const wanted = ['', ...new Set([...kinds, this.#kind.value].filter(Boolean))].sort()
    if (wanted.join() === [...this.#kind.options].map(({ value }) => value).join()) return
    const { value } = this.#kind
    this.#kind.replaceChildren(...wanted.map(kind => h('option', { value: kind }, kind || 'all kinds')))
    this.#kind.value = value
  }

  get #isFiltered(): boolean {
    return Object.values(this.filter).some(value => value !== '')
  }

  #chosen(name: string): string {
    return String(new FormData(this.#form).get(name) ?? '')
  }

  #focus(event: Event): void {
    event.preventDefault()
    this.#text.focus()
    this.#text.select()
  }

  #clear(): void {
    this.#set({ ...ANY, range: this.range })
    this.#writeHash()
  }

  #set({ text, kind, group, range }: typeof ANY): void {
    this.#text.value = text
    if (kind !== '' && ![...this.#kind.options].some(({ value }) => value === kind)) {
      this.#kind.append(h('option', { value: kind }, kind))
    }
    this.#kind.value = kind
    for (const radio of this.#form.querySelectorAll<HTMLInputElement>('input[type=radio]')) {
      radio.checked = radio.value === (radio.name === 'group' ? group : range)
    }
  }

  #writeHash(): void {
    const values = Object.entries({ ...this.filter, range: this.range })
    const changed = values.filter(([name, value]) => value !== ANY[name as keyof typeof ANY])
    const hash = new URLSearchParams(changed).toString()
    history.replaceState(null, '', hash === '' ? location.pathname : `#${hash}`)
  }

  #readHash(): void {
    const given = { ...ANY, ...Object.fromEntries(new URLSearchParams(location.hash.slice(1))) }
    const group = ['waiting', 'held'].includes(given.group) ? given.group : ''
    const range = ['1h', '24h'].includes(given.range) ? given.range : '15m'
    this.#set({ text: given.text, kind: given.kind, group, range })
  }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && target.type === 'search'
}
