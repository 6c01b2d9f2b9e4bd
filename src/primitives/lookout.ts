/**
 * Looks at resources for all who wait in this process. Everybody says how soon they want to look; one look serves all of
 * those that are due, and only one is under way at a time, so that a slow server is asked less and not more.
 *
 * Where only those ahead matter, those who wait here stand in line, and only the first looks: nobody behind it can be let on before
 * it has gone. So five thousand in a line cost no more than one. From time to time its look goes as far as the last of them, for
 * the dead among those who stand between them to be noticed before they are the first. Whoever has the tag of one that was granted
 * looks, too, wherever it stands: it may be told of that grant.
 */
import { after, type Clock } from '../clock.js'
import { SeraError } from '../errors.js'
import type { ClaimStore, Look, Patience, ResourceKey, ResourceState } from '../store/claims.js'

interface Waiting extends Look {
  tag: string | undefined
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

/** Between looks along a whole line. */
const WHOLE_LINE_MS = 5000

/** After a look, until all whom it served have said when they want the next. */
const SETTLED_MS = 200
/** Between looks as rare as this the connection is given back. */
const REST_MS = 500

export class Lookout {
  /** By resource. */
  readonly #lines = new Map<string, Line>()
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
   * The resource as it is in `paceMs`, or when the patience ends, with the claims up to ticket `upTo`: or, when somebody else here
   * waits before that ticket, once nobody does. Rejects with the signal's reason, or when the store gives up.
   */
  next(key: ResourceKey, upTo: number, paceMs: number, patience: Patience, tag?: string): Promise<ResourceState> {
    return new Promise((resolve, reject) => {
      const { signal, until } = patience
      if (signal?.aborted) return reject(signal.reason)
      if (this.#closed) return reject(this.#closed)
      const done = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          giveUp()
          signal?.removeEventListener('abort', abort)
          this.#leave(waiting)
          settle(value)
        }
      }
      const now = this.clock.now()
      const at = (slack: number) => Math.min(now + paceMs * (1 - slack), until)
      const times = { readyAt: at(SLACK), dueAt: at(JITTER * Math.random()) }
      const waiting: Waiting = { key, upTo, tag, ...times, patience, resolve: done(resolve), reject: done(reject) }
      const abort = () => waiting.reject(signal?.reason)
      const giveUp = after(until - now + LATE_MS, () => waiting.reject(noAnswer(key)))
      signal?.addEventListener('abort', abort, { once: true })
      this.#line(key).join(waiting)
      this.#planNext()
    })
  }

  /** Who waits at this resource looks now. */
  hurry(key: ResourceKey): void {
    const now = this.clock.now()
    for (const one of this.#lines.get(nameOf(key))?.looking ?? []) one.readyAt = one.dueAt = now
    this.#planNext()
  }

  /** Ends all waits, those to come too, with this error. */
  close(reason: Error): void {
    this.#closed = reason
    this.#cancel()
    this.#cancelRest()
    for (const line of [...this.#lines.values()]) for (const one of line.all) one.reject(reason)
  }

  #line(key: ResourceKey): Line {
    const name = nameOf(key)
    const line = this.#lines.get(name) ?? new Line(key)
    this.#lines.set(name, line)
    return line
  }

  #leave(one: Waiting): void {
    const name = nameOf(one.key)
    const line = this.#lines.get(name)
    line?.leave(one)
    if (line?.isEmpty) this.#lines.delete(name)
    else this.#planNext() // the next in line may be due
  }

  async #look(): Promise<void> {
    this.#plannedAt = Number.POSITIVE_INFINITY
    const now = this.clock.now()
    const asked = [...this.#lines.values()].flatMap(line => line.due(now) ?? [])
    if (asked.length === 0) return this.#planNext() // they have gone, or the timer was early
    this.#looking = true
    const served = asked.flatMap(({ due }) => due)
    try {
      const until = Math.max(...served.map(({ patience }) => patience.until))
      const states = await this.store.look(asked, { until })
      asked.forEach(({ due, line }, at) => {
        const state = states[at] as ResourceState
        for (const one of due) one.resolve(state)
        line.wake(state, this.clock.now())
      })
    } catch (error) {
      for (const one of served) one.reject(error)
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
    if (this.#looking || this.#closed) return
    const at = [...this.#lines.values()].reduce(
      (earliest, { dueAt }) => Math.min(earliest, dueAt),
      Number.POSITIVE_INFINITY,
    )
    if (at >= this.#plannedAt) return
    this.#cancel()
    this.#plannedAt = at
    this.#cancel = after(at - this.clock.now(), () => void this.#look())
  }
}

/** All who wait at one resource. */
class Line {
  /** Those whom only those ahead matter to, in order. */
  readonly #queue: Waiting[] = []
  /** Those who want to see it all. */
  readonly #whole = new Set<Waiting>()
  /** Of the queue, those who look although they may not be the first, and when: as their patience ends, or as they were woken. */
  readonly #wakeAt = new Map<Waiting, number>()
  readonly #byTag = new Map<string, Set<Waiting>>()
  #wholeAt = Number.NEGATIVE_INFINITY

  constructor(readonly key: ResourceKey) {}

  get all(): Waiting[] {
    return [...this.#queue, ...this.#whole]
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0 && this.#whole.size === 0
  }

  /** The first in line, and whoever wants to see it all. */
  get looking(): Waiting[] {
    return [...this.#queue.slice(0, 1), ...this.#whole]
  }

  /** Who stands further back in line looks when its patience ends, or when it is woken. */
  get dueAt(): number {
    let earliest = this.#queue[0]?.dueAt ?? Number.POSITIVE_INFINITY
    for (const { dueAt } of this.#whole) earliest = Math.min(earliest, dueAt)
    for (const at of this.#wakeAt.values()) earliest = Math.min(earliest, at)
    return earliest
  }

  join(one: Waiting): void {
    if (one.upTo === Number.POSITIVE_INFINITY) {
      this.#whole.add(one)
      return
    }
    const behind = this.#queue.findLastIndex(({ upTo }) => upTo <= one.upTo)
    this.#queue.splice(behind + 1, 0, one)
    if (Number.isFinite(one.patience.until)) this.#wakeAt.set(one, one.patience.until)
    if (one.tag !== undefined) this.#byTag.set(one.tag, (this.#byTag.get(one.tag) ?? new Set()).add(one))
  }

  leave(one: Waiting): void {
    this.#whole.delete(one)
    this.#wakeAt.delete(one)
    const at = this.#queue.indexOf(one)
    if (at >= 0) this.#queue.splice(at, 1)
    const namesakes = this.#byTag.get(one.tag ?? '')
    namesakes?.delete(one)
    if (namesakes?.size === 0) this.#byTag.delete(one.tag ?? '')
  }

  /** Whoever has the tag of one that was granted looks now. */
  wake({ claims }: ResourceState, now: number): void {
    for (const { state, tag = '' } of claims) {
      if (state === 'granted') for (const one of this.#byTag.get(tag) ?? []) this.#wakeAt.set(one, now)
    }
  }

  /** Whom a look serves now, and how far it goes; undefined when nobody is due. */
  due(now: number): (Look & { due: Waiting[]; line: Line }) | undefined {
    const woken = [...this.#wakeAt].flatMap(([one, at]) => (at <= now ? one : []))
    const due = [...new Set([...this.looking.filter(({ readyAt }) => readyAt <= now), ...woken])]
    if (due.length === 0) return undefined
    const isWhole = now - this.#wholeAt >= WHOLE_LINE_MS
    if (isWhole) this.#wholeAt = now
    const last = isWhole ? this.#queue.at(-1) : undefined
    return { key: this.key, upTo: Math.max(last?.upTo ?? 0, ...due.map(({ upTo }) => upTo)), due, line: this }
  }
}

function nameOf({ kind, name }: ResourceKey): string {
  return `${kind}\0${name}`
}

function noAnswer({ kind, name }: ResourceKey): SeraError {
  return new SeraError('lock-failed', `${kind} ${name}: the server did not answer in time`)
}
