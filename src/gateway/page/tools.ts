/** What is asked for: search, kind, group and range. It stands in the address, so that it can be sent to somebody. */
import { byId, h } from './dom.js'
import type { RowGroup, Wish } from './rows.js'
import type { Range } from './scale.js'

const ANY = { text: '', kind: '', group: '', range: '15m' }

export class Tools {
  readonly #form = byId<HTMLFormElement>('tools')
  readonly #text = byId<HTMLInputElement>('text')
  readonly #kind = byId<HTMLSelectElement>('kind')

  constructor(changed: () => void) {
    this.#recall()
    this.#form.addEventListener('submit', event => event.preventDefault())
    this.#form.addEventListener('input', () => {
      this.#remember()
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

  get wish(): Wish {
    return { text: this.#text.value, kind: this.#kind.value, group: this.#chosen('group') as RowGroup | '' }
  }

  get range(): Range {
    return this.#chosen('range') as Range
  }

  /** Those kinds that there are can be chosen. */
  offer(kinds: readonly string[]): void {
    const wanted = ['', ...new Set([...kinds, this.#kind.value].filter(Boolean))].sort()
    if (wanted.join() === [...this.#kind.options].map(({ value }) => value).join()) return
    const { value } = this.#kind
    this.#kind.replaceChildren(...wanted.map(kind => h('option', { value: kind }, kind || 'all kinds')))
    this.#kind.value = value
  }

  get #isFiltered(): boolean {
    return Object.values(this.wish).some(value => value !== '')
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
    this.#remember()
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

  #remember(): void {
    const asked = Object.entries({ ...this.wish, range: this.range })
    const told = asked.filter(([name, value]) => value !== ANY[name as keyof typeof ANY])
    const hash = new URLSearchParams(told).toString()
    history.replaceState(null, '', hash === '' ? location.pathname : `#${hash}`)
  }

  #recall(): void {
    const given = { ...ANY, ...Object.fromEntries(new URLSearchParams(location.hash.slice(1))) }
    const group = ['waiting', 'held'].includes(given.group) ? given.group : ''
    const range = ['1h', '24h'].includes(given.range) ? given.range : '15m'
    this.#set({ text: given.text, kind: given.kind, group, range })
  }
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && target.type === 'search'
}
