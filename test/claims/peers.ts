/** Participants on lock tables in memory, with faults: lost answers and stale reads. */
import { setTimeout as pass } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { acquire, type WaitPolicy } from '../../src/claims/acquire.js'
import type { LookRequest, ResourceKey, ResourceState, StepResult } from '../../src/claims/model.js'
import { type ClaimSpec, Session } from '../../src/claims/session.js'
import { systemClock, systemRandom } from '../../src/clock.js'
import type { Deadline } from '../../src/deadline.js'
import { SeraError } from '../../src/errors.js'
import { MemoryStore, MemoryTables } from '../../src/store/tables/memory-store.js'

export const KEY: ResourceKey = { kind: 'test', name: 'it' }
export const LEASE_MS = 60_000
export const SKEW_MS = 1000
export const FOREVER: Deadline = { until: Number.POSITIVE_INFINITY }

/** `repeated`: the answer was lost and the store made the step again. `lost`: the answer was lost and the store failed. */
export type AnswerFault = 'none' | 'repeated' | 'lost'

/** Makes each step, but may lose its answer. */
export class LossyStore extends MemoryStore {
  faults: AnswerFault[] = []
  /** The next poll returns the resource as it was before the last step. */
  stale = false
  reads = 0
  #before: ResourceState[] | undefined

  override async step(...asked: Parameters<MemoryStore['step']>): Promise<StepResult> {
    const fault = this.faults.shift() ?? 'none'
    const options = { join: true, until: 0 }
    if (this.stale) this.#before = await super.look([{ key: asked[0], upTo: Number.POSITIVE_INFINITY }], options)
    const result = await super.step(...asked)
    if (fault === 'none') return result
    if (fault === 'repeated') return super.step(...asked)
    throw new SeraError('lock-failed', 'the answer got lost')
  }

  override async look(asked: readonly LookRequest[], deadline: Deadline): Promise<ResourceState[]> {
    this.reads++
    const before = this.#before
    this.#before = undefined
    return before ?? super.look(asked, deadline)
  }
}

export class Peers {
  /** How far the server's clock was put forward, ms. */
  later = 0
  readonly tables = new MemoryTables(
    { ...systemClock, now: () => systemClock.now() + this.later, wall: () => systemClock.wall() + this.later },
    systemRandom,
  )
  readonly #participants: Session[] = []

  /** All sessions are closed at the end of the test. */
  constructor(t: Pick<ExecutionContext, 'teardown'>) {
    t.teardown(() => this.close())
  }

  async close(): Promise<void> {
    await Promise.all(this.#participants.map(one => one.close()))
  }

  /** One process. */
  join() {
    const store = new LossyStore(this.tables)
    const options = { clock: systemClock, random: systemRandom, leaseMs: LEASE_MS, graceMs: 0, maxClockSkewMs: SKEW_MS }
    const session = new Session(store, options)
    this.#participants.push(session)
    const turn = (policy: WaitPolicy, wait: Deadline = FOREVER, spec: ClaimSpec = {}) =>
      acquire(session, session.newClaim(KEY), spec, policy, wait)
    return { store, session, turn }
  }

  get claims() {
    return this.tables.shelf(KEY).rows.map(({ claim }) => claim)
  }

  get ids(): string[] {
    return this.claims.map(({ id }) => id)
  }

  get resource() {
    return this.tables.shelf(KEY).resource
  }

  /** Another participant breaks or reaps the claim. */
  take(id: string): void {
    const shelf = this.tables.shelf(KEY)
    shelf.rows = shelf.rows.filter(({ claim }) => claim.id !== id)
  }
}

export const soon = (ms: number): Deadline => ({ until: systemClock.now() + ms })
export const atOnce = (): Deadline => soon(-1)

export async function until(met: () => boolean): Promise<void> {
  while (!met()) await pass(1)
}
