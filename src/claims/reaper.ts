/**
 * Reaps expired claims at names that no participant comes to any more.
 *
 * A round records sightings of claims whose lease is over. Then it asks at which resources such sightings are old enough, and makes a
 * step at each that asks for nothing. Like any step, that one reaps the dead (`failure-detector.ts`, `sighting.ts`).
 *
 * Why it is safe:
 * 1. The reaper judges no claim. The list of resources is a hint; each step reads the claims again and judges them.
 * 2. Its step is that of a participant that does not wait and is not granted. So it does to the claims of every kind what any
 *    other step does to the dead, and nothing else.
 * 3. A sighting names the life and the renewals of the claim that was read. It stays true when the claim is renewed meanwhile,
 *    and proves nothing then.
 *
 * Why its work is bounded: a round has at most so many sightings and steps, few of them at a time. While there is more to reap
 * than one round takes, it rests between rounds for a quarter of the time that the last one took. A session has a round every few
 * minutes while it renews claims, a gateway a few each minute.
 */
import { type Clock, every, type Random } from '../clock.js'
import type { Deadline } from '../deadline.js'
import { SAFETY_MARGIN_MS } from '../fence.js'
import type { ClaimStore, ResourceKey } from './model.js'

/** In one round: sightings, which are one statement, and resources, which are a step each. */
const MOST_SIGHTINGS = 1000
const MOST_STEPS = 200
/** Steps under way at a time, of the connections that all who wait in this process share. */
const AT_ONCE = 4
/** Claims that a step reads, without what they carry. Those behind are reached as these leave. */
const OLDEST = 1000
/** How often a gateway looks whether the next round is due. */
const TICK_MS = 1000

/** The session whose reaper it is. */
export interface ReapingSession {
  readonly clock: Clock
  readonly store: ClaimStore
  readonly options: { maxClockSkewMs: number; random: Random }
  /** For the calls that end something. */
  readonly farewell: Deadline
  /** A step that asks for nothing, on the oldest claims. Like any step, it reaps the dead. */
  visit(key: ResourceKey, oldest: number): Promise<void>
}

export class Reaper {
  #dueAt: number
  #isBusy = false

  constructor(
    readonly session: ReapingSession,
    readonly everyMs: number,
  ) {
    this.#dueAt = this.#later()
  }

  /** Rounds also without claims of its own, until the signal aborts. */
  start(signal: AbortSignal): void {
    const cancel = every(this.session.clock, TICK_MS, () => void this.tick())
    signal.addEventListener('abort', cancel, { once: true })
  }

  /** A round, if one is due and none is under way. Never rejects: the next round tries again. */
  async tick(): Promise<void> {
    const { clock } = this.session
    if (this.#isBusy || clock.now() < this.#dueAt) return
    this.#isBusy = true
    const startedAt = clock.now()
    const visited = await this.round().catch(() => 0)
    const restMs = (clock.now() - startedAt) / 4
    this.#dueAt = visited < MOST_STEPS ? this.#later() : clock.now() + restMs
    this.#isBusy = false
  }

  /** @returns how many resources it has visited @throws SeraError lock-failed */
  async round(): Promise<number> {
    const { store, farewell, options } = this.session
    await store.sight(MOST_SIGHTINGS, farewell)
    const keys = await store.expired(SAFETY_MARGIN_MS + options.maxClockSkewMs, MOST_STEPS, farewell)
    const left = keys.values()
    const visitAll = async () => {
      for (const key of left) await this.session.visit(key, OLDEST)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, visitAll))
    return keys.length
  }

  /** So that processes that began together do not visit the same resources. */
  #later(): number {
    const { clock, options } = this.session
    return clock.now() + this.everyMs * (0.5 + options.random.number())
  }
}
