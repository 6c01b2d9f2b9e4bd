/**
 * Looks at resources for all who wait in this process. Everybody says how soon they want to look; one look serves all of
 * those that are due, and only one is under way at a time, so that a slow server is asked less and not more.
 */
import { after, type Clock } from '../clock.js'
import type { ClaimStore, Look, Patience, ResourceKey, ResourceState } from '../store/claims.js'

interface Waiting extends Look {
  /** Monotonic clock, ms. */
  dueAt: number
  patience: Patience
  resolve: (state: ResourceState) => void
  reject: (error: unknown) => void
}

/** Those who would be due this soon (a part of their interval) come along. */
const SLACK = 0.25

export class Lookout {
  readonly #waiting = new Set<Waiting>()
  #looking = false
  /** When the next look is planned for, monotonic clock, ms. */
  #plannedAt = Number.POSITIVE_INFINITY
  #cancel = () => {}

  constructor(
    readonly store: ClaimStore,
    readonly clock: Clock,
  ) {}

  /**
   * The resource as it is in `paceMs`, or when the patience ends, with the claims up to ticket `upTo`.
   * Rejects with the signal's reason, or when the store gives up.
   */
  next(key: ResourceKey, upTo: number, paceMs: number, patience: Patience): Promise<ResourceState> {
    return new Promise((resolve, reject) => {
      const { signal, until } = patience
      if (signal?.aborted) return reject(signal.reason)
      const done = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          this.#waiting.delete(waiting)
          signal?.removeEventListener('abort', abort)
          settle(value)
        }
      }
      const dueAt = Math.min(this.clock.now() + paceMs * (1 - SLACK * Math.random()), until)
      const waiting: Waiting = { key, upTo, dueAt, patience, resolve: done(resolve), reject: done(reject) }
      const abort = () => waiting.reject(signal?.reason)
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiting.add(waiting)
      this.#plan(dueAt)
    })
  }

  #plan(at: number): void {
    if (this.#looking || at >= this.#plannedAt) return
    this.#cancel()
    this.#plannedAt = at
    this.#cancel = after(at - this.clock.now(), () => void this.#look())
  }

  async #look(): Promise<void> {
    this.#looking = true
    this.#plannedAt = Number.POSITIVE_INFINITY
    const now = this.clock.now()
    const due = [...this.#waiting].filter(({ dueAt }) => dueAt <= now)
    const groups = grouped(due)
    try {
      const until = Math.max(...due.map(({ patience }) => patience.until))
      const states = await this.store.look(groups, { until })
      groups.forEach(({ waiting }, at) => {
        for (const one of waiting) one.resolve(states[at] as ResourceState)
      })
    } catch (error) {
      for (const one of due) one.reject(error)
    } finally {
      this.#looking = false
      this.#plan(
        [...this.#waiting].reduce((earliest, { dueAt }) => Math.min(earliest, dueAt), Number.POSITIVE_INFINITY),
      )
    }
  }
}

/** One look a resource, as far as the furthest of those who are due wants to see. */
function grouped(due: readonly Waiting[]): Array<Look & { waiting: Waiting[] }> {
  const groups = new Map<string, Look & { waiting: Waiting[] }>()
  for (const one of due) {
    const name = `${one.key.kind}\0${one.key.name}`
    const group = groups.get(name) ?? { key: one.key, upTo: one.upTo, waiting: [] }
    group.upTo = Math.max(group.upTo, one.upTo)
    group.waiting.push(one)
    groups.set(name, group)
  }
  return [...groups.values()]
}
