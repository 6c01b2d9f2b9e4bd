/** A priority queue of items by time: a binary heap with an index of its items. An operation costs O(log n). */

interface Entry<T> {
  item: T
  at: number
}

export class Agenda<T> {
  /** A parent is at (index − 1) / 2, and never later than its children. */
  readonly #heap: Entry<T>[] = []
  readonly #indexes = new Map<T, number>()

  /** Infinity when there is no item. */
  get earliest(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  /** Adds an item or changes its time. Infinity removes it. */
  set(item: T, at: number): void {
    this.delete(item)
    if (at === Number.POSITIVE_INFINITY) return
    this.#rise(this.#heap.length, { item, at })
  }

  delete(item: T): void {
    const index = this.#indexes.get(item)
    if (index === undefined) return
    this.#indexes.delete(item)
    const last = this.#heap.pop() as Entry<T>
    if (index === this.#heap.length) return
    this.#sink(index, last)
    this.#rise(this.#indexes.get(last.item) as number, last)
  }

  /** Removes and returns the items that are due, the earliest first. */
  take(now: number): T[] {
    const items: T[] = []
    for (let first = this.#heap[0]; first && first.at <= now; first = this.#heap[0]) {
      items.push(first.item)
      this.delete(first.item)
    }
    return items
  }

  #rise(from: number, entry: Entry<T>): void {
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = this.#heap[parent] as Entry<T>
      if (above.at <= entry.at) break
      this.#put(index, above)
      index = parent
    }
    this.#put(index, entry)
  }

  #sink(from: number, entry: Entry<T>): void {
    let index = from
    for (;;) {
      const left = this.#heap[2 * index + 1]
      const right = this.#heap[2 * index + 2]
      const [child, below] = right && left && right.at < left.at ? [2 * index + 2, right] : [2 * index + 1, left]
      if (!below || below.at >= entry.at) break
      this.#put(index, below)
      index = child
    }
    this.#put(index, entry)
  }

  #put(index: number, entry: Entry<T>): void {
    this.#heap[index] = entry
    this.#indexes.set(entry.item, index)
  }
}
