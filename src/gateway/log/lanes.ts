/**
 * Draws waiting participants as lanes, as syncnet does. An arrival opens the first free lane from the left. A match (`└`) or a
 * departure (`┴`) closes it.
 *
 *     ┌ [e=coin a=machine]
 *     │┌ [e=coin a=customer]
 *     └└ match [e=coin a=machine] [e=coin a=customer]
 *
 * Participants without a free lane are counted behind the lanes: `│││+17`.
 */

export type End = '└' | '┴'

/** Leaves room for text in 80 columns. */
export const MOST_LANES = 24

export class Lanes {
  /** The participant in each lane. The last lane is never free. */
  readonly #columns: (string | undefined)[] = []
  readonly #aside = new Set<string>()

  constructor(readonly most = MOST_LANES) {}

  opens(id: string): string {
    const hole = this.#columns.indexOf(undefined)
    const at = hole === -1 ? this.#columns.length : hole
    if (at >= this.most) this.#aside.add(id)
    else this.#columns[at] = id
    return this.#drawn(new Map([[id, '┌']]))
  }

  closes(ids: readonly string[], end: End): string {
    for (const id of ids) this.#aside.delete(id)
    const line = this.#drawn(new Map(ids.map(id => [id, end])))
    for (const id of ids) {
      const at = this.#columns.indexOf(id)
      if (at !== -1) this.#columns[at] = undefined
    }
    this.#columns.length = this.#columns.findLastIndex(id => id !== undefined) + 1
    return line
  }

  /** The lanes beside a line that is about something else. */
  passes(): string {
    return this.#drawn(new Map())
  }

  #drawn(marks: ReadonlyMap<string, string>): string {
    const lanes = this.#columns.map(id => (id === undefined ? ' ' : (marks.get(id) ?? '│')))
    return lanes.join('') + (this.#aside.size > 0 ? `+${this.#aside.size}` : '')
  }
}
