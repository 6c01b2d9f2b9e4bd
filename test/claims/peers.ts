/** Participants on one set of lock tables in memory, and ways to make the tables misbehave. */
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

/** `repeated`: the store did not hear the answer and did it once more. `lost`: it gave up before it heard one. */
export type AnswerFault = 'none' | 'repeated' | 'lost'

/** What is asked of it is done, but the answer may not come. */
export class LossyStore extends MemoryStore {
  faults: AnswerFault[] = []
  /** Looks show the resource as it was before the last change. */
  stale = false
  looks = 0
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
    this.looks++
    const before = this.#before
    this.#before = undefined
    return before ?? super.look(asked, deadline)
  }
}

export class Peers {
  /** How far the server's clock is ahead of where it was, ms. */
  later = 0
  readonly tables = new MemoryTables(
    { ...systemClock, now: () => systemClock.now() + this.later, wall: () => systemClock.wall() + this.later },
    systemRandom,
  )
  readonly #participants: Session[] = []

  /** It is disbanded at the end of the test. */
  constructor(t: Pick<ExecutionContext, 'teardown'>) {
    t.teardown(() => this.disband())
  }

  async disband(): Promise<void> {
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

  /** Somebody has broken the claim, or taken it for dead. */
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
