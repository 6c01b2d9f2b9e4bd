/** All who wait for a look at one resource. */

import type { Deadline } from '../deadline.js'
import type { LookRequest, ResourceKey, ResourceState } from './model.js'

export interface PollRequest extends LookRequest {
  line: PollQueue
  tag: string | undefined
  /** Monotonic clock, ms: from when it comes along with a look for another. */
  readyAt: number
  /** When it wants a look itself, where it is one of those that look. */
  dueAt: number
  /** When it looks in any case: at its deadline, or when it is woken. */
  wakeAt: number
  deadline: Deadline
  resolve: (state: ResourceState) => void
  reject: (error: unknown) => void
}

/** Between looks along a whole line. */
const WHOLE_LINE_MS = 5000

export class PollQueue {
  /** Those that only the claims ahead of them matter to, by ticket. */
  readonly #queue: PollRequest[] = []
  /** Those that want to see every claim. */
  readonly #whole = new Set<PollRequest>()
  readonly #byTag = new Map<string, Set<PollRequest>>()
  #wholeAt = Number.NEGATIVE_INFINITY

  constructor(readonly key: ResourceKey) {}

  get all(): PollRequest[] {
    return [...this.#queue, ...this.#whole]
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0 && this.#whole.size === 0
  }

  get first(): PollRequest | undefined {
    return this.#queue[0]
  }

  /** The first in the queue, and all that want to see every claim. */
  get looking(): PollRequest[] {
    return [...this.#queue.slice(0, 1), ...this.#whole]
  }

  looks(one: PollRequest): boolean {
    return one === this.first || this.#whole.has(one)
  }

  namesakes(tag: string): Iterable<PollRequest> {
    return this.#byTag.get(tag) ?? []
  }

  join(one: PollRequest): void {
    if (one.upTo === Number.POSITIVE_INFINITY) {
      this.#whole.add(one)
      return
    }
    this.#queue.splice(this.#firstBehind(one.upTo), 0, one)
    if (one.tag !== undefined) this.#byTag.set(one.tag, (this.#byTag.get(one.tag) ?? new Set()).add(one))
  }

  leave(one: PollRequest): void {
    if (this.#whole.delete(one)) return
    const at = this.#queue.lastIndexOf(one, this.#firstBehind(one.upTo) - 1)
    if (at >= 0) this.#queue.splice(at, 1)
    const namesakes = this.#byTag.get(one.tag ?? '')
    namesakes?.delete(one)
    if (namesakes?.size === 0) this.#byTag.delete(one.tag ?? '')
  }

  /** How far a look for these goes: from time to time to the end of the line. */
  reach(due: readonly PollRequest[], now: number): number {
    const isWhole = now - this.#wholeAt >= WHOLE_LINE_MS
    if (isWhole) this.#wholeAt = now
    const last = isWhole ? this.#queue.at(-1) : undefined
    return due.reduce((furthest, { upTo }) => Math.max(furthest, upTo), last?.upTo ?? 0)
  }

  /** The index of the first in the queue behind a ticket. */
  #firstBehind(ticket: number): number {
    let [from, to] = [0, this.#queue.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if ((this.#queue[middle] as PollRequest).upTo <= ticket) from = middle + 1
      else to = middle
    }
    return from
  }
}
