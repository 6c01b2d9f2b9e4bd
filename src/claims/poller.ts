/**
 * Polls resources for all waiters of this process. A waiter says how soon it polls. One read serves all polls that are due, and
 * only one read is under way at a time, so that a slow server gets fewer requests and not more.
 *
 * 1. If only the claims ahead matter, the waiters of this process queue here, and only the first polls: no waiter behind it is
 *    granted before it has left. So five thousand waiters cost no more than one.
 * 2. From time to time that poll reads up to the last waiter of the queue, so that dead claims between them are detected before
 *    they are first.
 * 3. A waiter with the tag of a granted claim polls at any place in the queue, because that grant may concern it.
 * 4. The cost of joining, leaving and polling depends on the waiters that a read serves, not on all waiters.
 */
import type { Cancel, Clock, Random } from '../clock.js'
import type { Deadline } from '../deadline.js'
import { SeraError } from '../errors.js'
import { Agenda } from './agenda.js'
import type { ClaimStore, ResourceKey, ResourceState } from './model.js'
import { PollQueue, type PollRequest } from './poll-queue.js'

/** A read also serves polls that are due within this part of their interval. */
const SLACK = 0.5
/** Part of the interval. It keeps processes that started together from polling together. */
const JITTER = 0.1

/** Grace past the deadline: the read under way may belong to a waiter with a later deadline, and hang. */
const LATE_MS = 5000

/** After a read: time for the waiters that it served to ask for the next. */
const SETTLED_MS = 200
/** If the next read is further away than this, the connection is returned. */
const REST_MS = 500

export class Poller {
  /** By resource. */
  readonly #queues = new Map<string, PollQueue>()
  /** The polling requests by `readyAt`. */
  readonly #ready = new Agenda<PollRequest>()
  /** When each request is due. */
  readonly #due = new Agenda<PollRequest>()
  #isReading = false
  /** When the next read is planned, monotonic clock, ms. */
  #plannedAt = Number.POSITIVE_INFINITY
  #cancel: Cancel = () => {}
  #cancelRest: Cancel = () => {}
  #closed: Error | undefined

  constructor(
    readonly store: ClaimStore,
    readonly clock: Clock,
    readonly random: Random,
    /** Called when no read is due for a while. */
    readonly rest: () => void = () => store.rest(),
  ) {}

  /**
   * Reads the resource in `paceMs`, or at the deadline, with the claims up to ticket `upTo`. While another waiter of this process is
   * ahead of that ticket, the poll waits until it has left. Rejects with the signal's reason, or when the store fails.
   */
  poll(key: ResourceKey, upTo: number, paceMs: number, deadline: Deadline, tag?: string): Promise<ResourceState> {
    return new Promise((resolve, reject) => {
      const { signal, until } = deadline
      if (signal?.aborted) return reject(signal.reason)
      if (this.#closed) return reject(this.#closed)
      let isOver = false
      const done = <T>(settle: (value: T) => void) => {
        return (value: T) => {
          if (isOver) return // the waiter left while the read was under way
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
      const waiting: PollRequest = { queue: this.#queueOf(key), key, upTo, tag, ...times, deadline, ...settled }
      const abort = () => waiting.reject(signal?.reason)
      const giveUp = this.clock.after(until - now + LATE_MS, () => waiting.reject(noAnswer(key)))
      signal?.addEventListener('abort', abort, { once: true })
      this.#join(waiting)
    })
  }

  /** Makes the polls at this resource due now. */
  pollNow(key: ResourceKey): void {
    const now = this.clock.now()
    for (const one of this.#queues.get(keyText(key))?.polling ?? []) {
      one.readyAt = one.dueAt = now
      this.#schedule(one)
    }
    this.#planNext()
  }

  /** Rejects all pending and later polls with this error. */
  close(reason: Error): void {
    this.#closed = reason
    this.#cancel()
    this.#cancelRest()
    for (const queue of [...this.#queues.values()]) for (const one of queue.all) one.reject(reason)
  }

  #queueOf(key: ResourceKey): PollQueue {
    const name = keyText(key)
    const queue = this.#queues.get(name) ?? new PollQueue(key)
    this.#queues.set(name, queue)
    return queue
  }

  #join(one: PollRequest): void {
    const { first } = one.queue
    one.queue.join(one)
    this.#schedule(one)
    if (first && first !== one.queue.first) this.#schedule(first)
    this.#planNext()
  }

  #leave(one: PollRequest): void {
    const { queue } = one
    this.#ready.delete(one)
    this.#due.delete(one)
    queue.leave(one)
    if (queue.first) this.#schedule(queue.first)
    if (queue.isEmpty) this.#queues.delete(keyText(one.key))
    else this.#planNext() // the next in the queue may be due
  }

  #schedule(one: PollRequest): void {
    const isPolling = one.queue.isPolling(one)
    this.#ready.set(one, isPolling ? one.readyAt : Number.POSITIVE_INFINITY)
    this.#due.set(one, isPolling ? Math.min(one.dueAt, one.wakeAt) : one.wakeAt)
  }

  async #read(): Promise<void> {
    this.#plannedAt = Number.POSITIVE_INFINITY
    const now = this.clock.now()
    const requests = this.#takeDue(now)
    if (requests.length === 0) return this.#planNext() // the waiters have left, or the timer fired early
    this.#isReading = true
    const served = requests.flatMap(({ due }) => due)
    try {
      const until = Math.max(...served.map(({ deadline }) => deadline.until))
      const states = await this.store.look(requests, { until })
      requests.forEach(({ due, queue }, at) => {
        const state = states[at] as ResourceState
        for (const one of due) one.resolve(state)
        this.#wake(queue, state)
      })
    } catch (error) {
      for (const one of served) one.reject(error)
    } finally {
      this.#isReading = false
      this.#planNext()
      this.#cancelRest()
      this.#cancelRest = this.clock.after(SETTLED_MS, () => this.#rest())
    }
  }

  /** The requests of a read now, with the polls that each serves. */
  #takeDue(now: number) {
    const byQueue = new Map<PollQueue, PollRequest[]>()
    for (const one of new Set([...this.#ready.take(now), ...this.#due.take(now)])) {
      const due = byQueue.get(one.queue)
      if (due) due.push(one)
      else byQueue.set(one.queue, [one])
    }
    return [...byQueue].map(([queue, due]) => ({ key: queue.key, upTo: queue.reach(due, now), due, queue }))
  }

  /** Makes the polls of waiters with the tag of a granted claim due now. */
  #wake(queue: PollQueue, { claims }: ResourceState): void {
    for (const { state, tag = '' } of claims) {
      if (state !== 'granted') continue
      for (const one of queue.namesakes(tag)) {
        one.wakeAt = this.clock.now()
        this.#schedule(one)
      }
    }
  }

  /** Returns the connection if the next read is not soon. */
  #rest(): void {
    if (!this.#isReading && this.#plannedAt - this.clock.now() > REST_MS) this.rest()
  }

  #planNext(): void {
    if (this.#isReading || this.#closed) return
    const at = this.#due.earliest
    if (at >= this.#plannedAt) return
    this.#cancel()
    this.#plannedAt = at
    this.#cancel = this.clock.after(at - this.clock.now(), () => void this.#read())
  }
}

function keyText({ kind, name }: ResourceKey): string {
  return `${kind}\0${name}`
}

function noAnswer({ kind, name }: ResourceKey): SeraError {
  return new SeraError('lock-failed', `${kind} ${name}: the server did not answer in time`)
}
