/**
 * Reaps expired claims at names that no participant uses any more.
 *
 * A round records sightings of claims whose lease is over. Then it reads at which resources such sightings are old enough, and
 * makes a step without a request at each. Like any step, it reaps dead claims (`failure-detector.ts`, `sighting.ts`).
 *
 * Why it is safe:
 * 1. The reaper judges no claim. The list of resources is a hint. Each step reads the claims again and judges them.
 * 2. Its step is that of a participant that neither waits nor is granted. So it reaps dead claims as any other step does, and
 *    changes nothing else.
 * 3. A sighting names the ticket and the renewals of the claim that was read. If the claim is renewed meanwhile, the sighting
 *    stays true and proves nothing.
 *
 * Why its work is bounded: a round has a limited number of sightings and steps, few of them at a time. If one round does not reap
 * everything, the reaper pauses for a quarter of the time that the round took. A session has a round every few minutes while it
 * renews claims, a gateway a few each minute.
 */
import { type Clock, every, type Random } from '../clock.js'
import type { Deadline } from '../deadline.js'
import { SAFETY_MARGIN_MS } from '../fence.js'
import type { ClaimStore, ResourceKey } from './model.js'

/** In one round: sightings (one statement), and resources (a step each). */
const MOST_SIGHTINGS = 1000
const MOST_STEPS = 200
/** Concurrent steps. They share the connections of the waiters of this process. */
const AT_ONCE = 4
/** Claims that a step reads, without their contents. Later steps reach those behind. */
const OLDEST = 1000
/** How often a gateway checks whether the next round is due. */
const TICK_MS = 1000

/** The session whose reaper it is. */
export interface ReapingSession {
  readonly clock: Clock
  readonly store: ClaimStore
  readonly options: { maxClockSkewMs: number; random: Random }
  /** The deadline of a call that ends a claim. */
  readonly farewell: Deadline
  /** A step without a request, on the oldest claims. Like any step, it reaps dead claims. */
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

  /** Runs rounds even while the session renews no claim, until the signal aborts. */
  start(signal: AbortSignal): void {
    const cancel = every(this.session.clock, TICK_MS, () => void this.tick())
    signal.addEventListener('abort', cancel, { once: true })
  }

  /** Runs a round if one is due and none is under way. Never rejects: the next round retries. */
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

  /** Random, so that processes that started together do not visit the same resources. */
  #later(): number {
    const { clock, options } = this.session
    return clock.now() + this.everyMs * (0.5 + options.random.number())
  }
}
