/**
 * Looks at resources for all who wait in this process. Everybody says how soon they want to look; one look serves all of
 * those that are due, and only one is under way at a time, so that a slow server is asked less and not more.
 */
import { after, type Clock } from '../clock.js'
import { SeraError } from '../errors.js'
import type { ClaimStore, Look, Patience, ResourceKey, ResourceState } from '../store/claims.js'

interface Waiting extends Look {
  /** Monotonic clock, ms: from when it comes along with a look for another. */
  readyAt: number
  /** When it wants one itself. */
  dueAt: number
  patience: Patience
  resolve: (state: ResourceState) => void
  reject: (error: unknown) => void
}

/** Those who would be due this soon (a part of their interval) come along. */
const SLACK = 0.5
/** So that processes that began together don't look together. */
const JITTER = 0.1

/** What an answer may cost beyond the end of the patience: a look for somebody more patient may be under way, and hang. */
const LATE_MS = 5000

/** After a look, until all whom it served have said when they want the next. */
const SETTLED_MS = 200
/** Between looks as rare as this the connection is given back. */
const REST_MS = 500

export class Lookout {
  readonly #waiting = new Set<Waiting>()
  #looking = false
  /** When the next look is planned for, monotonic clock, ms. */
  #plannedAt = Number.POSITIVE_INFINITY
  #cancel = () => {}
  #cancelRest = () => {}
  #closed: Error | undefined

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
      if (this.#closed) return reject(this.#closed)
      const done = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          giveUp()
          this.#waiting.delete(waiting)
          signal?.removeEventListener('abort', abort)
          settle(value)
        }
      }
      const now = this.clock.now()
      const at = (slack: number) => Math.min(now + paceMs * (1 - slack), until)
      const times = { readyAt: at(SLACK), dueAt: at(JITTER * Math.random()) }
      const waiting: Waiting = { key, upTo, ...times, patience, resolve: done(resolve), reject: done(reject) }
      const abort = () => waiting.reject(signal?.reason)
      const giveUp = after(until - now + LATE_MS, () => waiting.reject(noAnswer(key)))
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiting.add(waiting)
      this.#plan(times.dueAt)
    })
  }

  /** Ends all waits, those to come too, with this error. */
  close(reason: Error): void {
    this.#closed = reason
    this.#cancel()
    this.#cancelRest()
    for (const one of [...this.#waiting]) one.reject(reason)
  }

  #plan(at: number): void {
    if (this.#looking || at >= this.#plannedAt) return
    this.#cancel()
    this.#plannedAt = at
    this.#cancel = after(at - this.clock.now(), () => void this.#look())
  }

  async #look(): Promise<void> {
    this.#plannedAt = Number.POSITIVE_INFINITY
    const now = this.clock.now()
    const due = [...this.#waiting].filter(({ readyAt }) => readyAt <= now)
    if (due.length === 0) return this.#planNext() // they have gone, or the timer was early
    this.#looking = true
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
      this.#planNext()
      this.#cancelRest()
      this.#cancelRest = after(SETTLED_MS, () => this.#rest())
    }
  }

  /** When the next look is far, the connection is not kept for it. */
  #rest(): void {
    if (!this.#looking && this.#plannedAt - this.clock.now() > REST_MS) this.store.rest()
  }

  #planNext(): void {
    this.#plan([...this.#waiting].reduce((earliest, { dueAt }) => Math.min(earliest, dueAt), Number.POSITIVE_INFINITY))
  }
}

function noAnswer({ kind, name }: ResourceKey): SeraError {
  return new SeraError('lock-failed', `${kind} ${name}: the server did not answer in time`)
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
