/**
 * Looks at resources for all who wait in this process. Each says how soon it wants to look. One look serves all that are due,
 * and only one is under way at a time, so that a slow server is asked less and not more.
 *
 * 1. Where only the claims ahead matter, the waiters of this process queue here, and only the first looks: no waiter behind it is
 *    granted before it has left. So five thousand waiters cost no more than one.
 * 2. From time to time its look goes as far as the last of the line, so that dead claims between them are noticed before they are
 *    the first.
 * 3. A waiter with the tag of a claim that was granted looks wherever it stands: that grant may concern it.
 * 4. Joining, leaving and looking cost as much as the waiters that a look serves, however many waiters there are.
 */
import type { Cancel, Clock, Random } from '../clock.js'
import type { Deadline } from '../deadline.js'
import { SeraError } from '../errors.js'
import { Agenda } from './agenda.js'
import type { ClaimStore, ResourceKey, ResourceState } from './model.js'
import { PollQueue, type PollRequest } from './poll-queue.js'

/** Waiters that would be due this soon (a part of their interval) come along. */
const SLACK = 0.5
/** So that processes that began together don't look together. */
const JITTER = 0.1

/** Grace past the deadline: a look for a waiter whose deadline is later may be under way, and hang. */
const LATE_MS = 5000

/** After a look, until all that it served have said when they want the next. */
const SETTLED_MS = 200
/** Between looks as rare as this the connection is given back. */
const REST_MS = 500

export class Poller {
  /** By resource. */
  readonly #queues = new Map<string, PollQueue>()
  /** Of the waiters that look: from when each comes along. */
  readonly #ready = new Agenda<PollRequest>()
  /** When each waiter wants a look. */
  readonly #due = new Agenda<PollRequest>()
  #looking = false
  /** When the next look is planned for, monotonic clock, ms. */
  #plannedAt = Number.POSITIVE_INFINITY
  #cancel: Cancel = () => {}
  #cancelRest: Cancel = () => {}
  #closed: Error | undefined

  constructor(
    readonly store: ClaimStore,
    readonly clock: Clock,
    readonly random: Random,
    /** Nothing is to be looked at for a while. */
    readonly rest: () => void = () => store.rest(),
  ) {}

  /**
   * The resource as it is in `paceMs`, or at the deadline, with the claims up to ticket `upTo`. While another waiter of this process
   * waits before that ticket, the answer comes once that one has left. Rejects with the signal's reason, or when the store gives up.
   */
  poll(key: ResourceKey, upTo: number, paceMs: number, deadline: Deadline, tag?: string): Promise<ResourceState> {
    return new Promise((resolve, reject) => {
      const { signal, until } = deadline
      if (signal?.aborted) return reject(signal.reason)
      if (this.#closed) return reject(this.#closed)
      let isOver = false
      const done = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          if (isOver) return // a look that was under way has an answer for a waiter that has left
          isOver = true
          giveUp()
          signal?.removeEventListener('abort', abort)
          this.#leave(waiting)
          settle(value)
        }
      }
      const now = this.clock.now()
      const at = (slack: number) => Math.min(now + paceMs * (1 - slack), until)
      const times = { readyAt: at(SLACK), dueAt: at(JITTER * this.random.number()), wakeAt: until }
      const settled = { resolve: done(resolve), reject: done(reject) }
      const waiting: PollRequest = { line: this.#queueOf(key), key, upTo, tag, ...times, deadline, ...settled }
      const abort = () => waiting.reject(signal?.reason)
      const giveUp = this.clock.after(until - now + LATE_MS, () => waiting.reject(noAnswer(key)))
      signal?.addEventListener('abort', abort, { once: true })
      this.#join(waiting)
    })
  }

  /** The waiters at this resource look now. */
  pollNow(key: ResourceKey): void {
    const now = this.clock.now()
    for (const one of this.#queues.get(keyText(key))?.looking ?? []) {
      one.readyAt = one.dueAt = now
      this.#schedule(one)
    }
    this.#planNext()
  }

  /** Ends all waits, those to come too, with this error. */
  close(reason: Error): void {
    this.#closed = reason
    this.#cancel()
    this.#cancelRest()
    for (const line of [...this.#queues.values()]) for (const one of line.all) one.reject(reason)
  }

  #queueOf(key: ResourceKey): PollQueue {
    const name = keyText(key)
    const line = this.#queues.get(name) ?? new PollQueue(key)
    this.#queues.set(name, line)
    return line
  }

  #join(one: PollRequest): void {
    const { first } = one.line
    one.line.join(one)
    this.#schedule(one)
    if (first && first !== one.line.first) this.#schedule(first)
    this.#planNext()
  }

  #leave(one: PollRequest): void {
    const { line } = one
    this.#ready.delete(one)
    this.#due.delete(one)
    line.leave(one)
    if (line.first) this.#schedule(line.first)
    if (line.isEmpty) this.#queues.delete(keyText(one.key))
    else this.#planNext() // the next in line may be due
  }

  #schedule(one: PollRequest): void {
    const looks = one.line.looks(one)
    this.#ready.set(one, looks ? one.readyAt : Number.POSITIVE_INFINITY)
    this.#due.set(one, looks ? Math.min(one.dueAt, one.wakeAt) : one.wakeAt)
  }

  async #look(): Promise<void> {
    this.#plannedAt = Number.POSITIVE_INFINITY
    const now = this.clock.now()
    const asked = this.#takeDue(now)
    if (asked.length === 0) return this.#planNext() // they have gone, or the timer was early
    this.#looking = true
    const served = asked.flatMap(({ due }) => due)
    try {
      const until = Math.max(...served.map(({ deadline }) => deadline.until))
      const states = await this.store.look(asked, { until })
      asked.forEach(({ due, line }, at) => {
        const state = states[at] as ResourceState
        for (const one of due) one.resolve(state)
        this.#wake(line, state)
      })
    } catch (error) {
      for (const one of served) one.reject(error)
    } finally {
      this.#looking = false
      this.#planNext()
      this.#cancelRest()
      this.#cancelRest = this.clock.after(SETTLED_MS, () => this.#rest())
    }
  }

  /** What a look asks for now, and the waiters that it serves. */
  #takeDue(now: number) {
    const byLine = new Map<PollQueue, PollRequest[]>()
    for (const one of new Set([...this.#ready.take(now), ...this.#due.take(now)])) {
      const due = byLine.get(one.line)
      if (due) due.push(one)
      else byLine.set(one.line, [one])
    }
    return [...byLine].map(([line, due]) => ({ key: line.key, upTo: line.reach(due, now), due, line }))
  }

  /** A waiter with the tag of a claim that was granted looks now. */
  #wake(line: PollQueue, { claims }: ResourceState): void {
    for (const { state, tag = '' } of claims) {
      if (state !== 'granted') continue
      for (const one of line.namesakes(tag)) {
        one.wakeAt = this.clock.now()
        this.#schedule(one)
      }
    }
  }

  /** When the next look is far, no connection is kept for it. */
  #rest(): void {
    if (!this.#looking && this.#plannedAt - this.clock.now() > REST_MS) this.rest()
  }

  #planNext(): void {
    if (this.#looking || this.#closed) return
    const at = this.#due.earliest
    if (at >= this.#plannedAt) return
    this.#cancel()
    this.#plannedAt = at
    this.#cancel = this.clock.after(at - this.clock.now(), () => void this.#look())
  }
}

function keyText({ kind, name }: ResourceKey): string {
  return `${kind}\0${name}`
}

function noAnswer({ kind, name }: ResourceKey): SeraError {
  return new SeraError('lock-failed', `${kind} ${name}: the server did not answer in time`)
}
