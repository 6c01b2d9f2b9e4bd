/**
 * This process among the others at the lock tables: its claims, the renewals that keep them alive, its looks at what it
 * waits for, and its knowledge of who has died. The primitives receive it; it knows none of them.
 */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.js'
import type {
  ClaimRequest,
  ClaimStore,
  Decision,
  Patience,
  ResourceKey,
  ResourceState,
  Rule,
  StepOptions,
  StepResult,
} from '../store/claims.js'
import { Lookout } from './lookout.js'
import { Place } from './place.js'
import { Renewals } from './renewals.js'
import { Watch } from './watch.js'

export interface ParticipantOptions {
  clock: Clock
  leaseMs: number
  /** How long before a claim can be somebody else's its holder wants to be told, ms. */
  graceMs: number
  /** What members' clocks can't differ by. */
  maxClockSkewMs: number
}

/** What is asked for, without what makes it a claim of this process. */
export type Ask = Omit<ClaimRequest, 'id' | 'leaseMs'>

const EVERYTHING = Number.POSITIVE_INFINITY

export class Participant {
  /** By id, from before the first step until after the claim is gone. */
  readonly #places = new Map<string, Place>()
  readonly #renewals: Renewals
  readonly #lookout: Lookout
  readonly #watch: Watch

  constructor(
    readonly store: ClaimStore,
    readonly options: ParticipantOptions,
  ) {
    const { clock, leaseMs, maxClockSkewMs } = options
    this.#renewals = new Renewals(store, clock, leaseMs)
    this.#lookout = new Lookout(store, clock)
    this.#watch = new Watch(clock, maxClockSkewMs)
  }

  get clock(): Clock {
    return this.options.clock
  }

  /** A place for a claim that has not been made yet. */
  place(key: ResourceKey): Place {
    const { leaseMs, graceMs, clock } = this.options
    const place = new Place(key, randomBytes(16).toString('hex'), leaseMs, graceMs, clock)
    this.#places.set(place.id, place)
    return place
  }

  /** One step for a place, by a rule that sees the living only; the dead are reaped in the same transaction. */
  async step(place: Place, ask: Ask, rule: Rule, options: StepOptions): Promise<StepResult> {
    const request = { ...ask, id: place.id, leaseMs: place.leaseMs }
    const decide = (state: ResourceState, me: Parameters<Rule>[1]): Decision => {
      const dead = this.#dead(place.key, state, EVERYTHING)
      return { ...rule(without(state, dead), me), dead }
    }
    const result = await this.store.step(place.key, request, decide, options)
    place.claim = result.mine
    if (result.mine) {
      this.#renewals.add(place)
      place.proven(result.sentAt)
    } else this.#renewals.drop(place)
    return result
  }

  /** What is to be seen at a resource in `paceMs`, or at the end of the patience: the living up to ticket `upTo`. */
  async next(key: ResourceKey, upTo: number, paceMs: number, patience: Patience): Promise<ResourceState> {
    const state = await this.#lookout.next(key, upTo, paceMs, patience)
    return without(state, this.#dead(key, state, upTo))
  }

  /** The claim leaves the tables. @returns whether it was still there */
  async leave(place: Place, patience: Patience): Promise<boolean> {
    place.letGo()
    this.#renewals.drop(place)
    try {
      return await this.store.remove(place.id, patience)
    } finally {
      this.forget(place)
    }
  }

  /** The claim is gone, or will be when its lease is over. */
  forget(place: Place): void {
    this.#renewals.drop(place)
    place.letGo()
    this.#places.delete(place.id)
    if (![...this.#places.values()].some(({ key }) => key.kind === place.key.kind && key.name === place.key.name)) {
      this.#watch.forget(place.key)
    }
  }

  /** Ends what this process has at the tables; claims that are still there live on until their lease is over. */
  async close(): Promise<void> {
    for (const place of [...this.#places.values()]) this.forget(place)
    await this.store.close()
  }

  /**
   * Claims of this process are alive, being this process's; but one that it does not know is the late twin of a request
   * that it has given up, and nobody renews it.
   */
  #dead(key: ResourceKey, state: ResourceState, upTo: number) {
    const suspects = new Set(this.#watch.dead(key, state, upTo))
    const { processId } = this.store
    return state.claims.filter(claim =>
      claim.processId === processId ? !this.#places.has(claim.id) : suspects.has(claim),
    )
  }
}

function without(state: ResourceState, dead: ReturnType<Watch['dead']>): ResourceState {
  return dead.length === 0 ? state : { ...state, claims: state.claims.filter(claim => !dead.includes(claim)) }
}
