/**
 * Reaps expired claims at names that no participant comes to any more.
 *
 * A round asks the tables at which resources claims have expired, and makes a step at each of them that asks for nothing. As
 * every step it records a sighting of the claims that may be dead, and reaps those that are (`watch.ts`, `sighting.ts`).
 *
 * Why it is safe:
 * 1. The reaper judges no claim. The list of resources is a hint; each step reads the claims again and judges them.
 * 2. Its step is that of a participant that does not wait and is not granted. So it does to the claims of every kind what any
 *    other step does to the dead, and nothing else.
 *
 * Why its work is bounded: a round visits so many resources one after the other, and the next begins no sooner than this one took.
 * A session has a round every few minutes while it renews claims, a gateway twice a minute.
 */
import type { ResourceKey } from '../store/claims.js'
import type { Participant } from './participant.js'
import { MARGIN_MS } from './sighting.js'

/** Resources in one round. */
const MOST = 100
/** Claims that a step reads, without what they carry. Those behind are reached as these leave. */
const OLDEST = 1000
/** How often a gateway looks whether the next round is due. */
const TICK_MS = 1000

export class Reaper {
  #dueAt: number
  #isBusy = false

  constructor(
    readonly participant: Participant,
    readonly everyMs: number,
  ) {
    this.#dueAt = this.#later()
  }

  /** Rounds also without claims of its own, until the signal aborts. */
  start(signal: AbortSignal): void {
    const timer = setInterval(() => void this.tick(), TICK_MS).unref()
    signal.addEventListener('abort', () => clearInterval(timer), { once: true })
  }

  /** A round, if one is due and none is under way. Never rejects: the next round tries again. */
  async tick(): Promise<void> {
    const { clock } = this.participant
    if (this.#isBusy || clock.now() < this.#dueAt) return
    this.#isBusy = true
    const startedAt = clock.now()
    const visited = await this.round().catch(() => 0)
    this.#dueAt = visited < MOST ? this.#later() : 2 * clock.now() - startedAt
    this.#isBusy = false
  }

  /** @returns how many resources it has visited @throws SeraError lock-failed */
  async round(): Promise<number> {
    const { store, farewell, options } = this.participant
    const keys = await store.expired(MARGIN_MS + options.maxClockSkewMs, MOST, farewell)
    for (const key of keys) await this.#visit(key)
    return keys.length
  }

  async #visit(key: ResourceKey): Promise<void> {
    const { participant } = this
    const place = participant.place(key)
    try {
      await participant.step(place, {}, () => ({}), { ...participant.farewell, join: false, read: { oldest: OLDEST } })
    } finally {
      participant.forget(place)
    }
  }

  /** So that processes that began together do not visit the same resources. */
  #later(): number {
    return this.participant.clock.now() + this.everyMs * (0.5 + Math.random())
  }
}
