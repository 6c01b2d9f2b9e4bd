/** The polls of this process that are pending at one resource. */

import type { Deadline } from '../deadline.js'
import type { LookRequest, ResourceKey, ResourceState } from './model.js'

export interface PollRequest extends LookRequest {
  queue: PollQueue
  tag: string | undefined
  /** From this time on a read for another poll serves it too. Monotonic clock, ms. */
  readyAt: number
  /** When it polls by itself, if it is a polling request: see `PollQueue.polling`. */
  dueAt: number
  /** When it polls in any case: at its deadline, or when it is woken. */
  wakeAt: number
  deadline: Deadline
  resolve: (state: ResourceState) => void
  reject: (error: unknown) => void
}

/** Between reads of a whole queue. */
const WHOLE_QUEUE_MS = 5000

export class PollQueue {
  /** Requests that read the claims up to their own, by ticket. */
  readonly #queue: PollRequest[] = []
  /** Requests that read every claim. */
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

  /** The polling requests: the first in the queue, and all that read every claim. */
  get polling(): PollRequest[] {
    return [...this.#queue.slice(0, 1), ...this.#whole]
  }

  isPolling(one: PollRequest): boolean {
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

  /** The ticket up to which a read for `due` reads. From time to time it reads to the end of the queue. */
  reach(due: readonly PollRequest[], now: number): number {
    const isWhole = now - this.#wholeAt >= WHOLE_QUEUE_MS
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
