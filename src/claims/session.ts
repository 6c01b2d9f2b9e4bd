/**
 * One process's client of the lock tables: it owns its claims, renews them, polls, and detects dead claims. Primitives receive a
 * session; the session does not depend on them.
 */
import type { Clock, Random } from '../clock.js'
import type { Deadline } from '../deadline.js'
import { SeraError } from '../errors.js'
import { FailureDetector } from './failure-detector.js'
import type {
  Claim,
  ClaimRequest,
  ClaimStore,
  Decision,
  ResourceKey,
  ResourceState,
  Rule,
  StepOptions,
  StepResult,
} from './model.js'
import { OwnClaim } from './own-claim.js'
import { OwnClaims } from './own-claims.js'
import { Poller } from './poller.js'
import { Reaper } from './reaper.js'
import { Renewals } from './renewals.js'
import { needsSighting } from './sighting.js'

export interface SessionOptions {
  clock: Clock
  random: Random
  leaseMs: number
  /** How long before another participant can get a claim its holder must stop, ms. */
  graceMs: number
  /** The clocks of two cluster members differ by less than this, ms. */
  maxClockSkewMs: number
  /** How often it reaps claims that other processes left behind, ms. */
  reapEveryMs?: number
}

/** The contents of a claim. The session adds the id and the lease. */
export type ClaimSpec = Omit<ClaimRequest, 'id' | 'leaseMs'>

/** Seldom, because there may be thousands of sessions. */
const REAP_EVERY_MS = 300_000

/** Longest time to remove a claim. If that fails, the claim ends with its lease. */
const FAREWELL_MS = 5000

/** The same for waiting claims when the session closes, because the process is about to exit. */
const CLOSING_MS = 1000

export class Session {
  /** Each claim from before its first step until after its removal. */
  readonly #claims = new OwnClaims()
  readonly #renewals: Renewals
  readonly #poller: Poller
  readonly #detector: FailureDetector
  readonly reaper: Reaper
  #closed: SeraError | undefined

  constructor(
    readonly store: ClaimStore,
    readonly options: SessionOptions,
  ) {
    const { clock, random, maxClockSkewMs, reapEveryMs = REAP_EVERY_MS } = options
    this.reaper = new Reaper(this, reapEveryMs)
    this.#renewals = new Renewals(store, options, () => void this.reaper.tick())
    this.#poller = new Poller(store, clock, random, () => this.#rest())
    this.#detector = new FailureDetector(clock, maxClockSkewMs)
  }

  get clock(): Clock {
    return this.options.clock
  }

  /** The deadline of a call that ends a claim. */
  get farewell(): Deadline {
    return { until: this.clock.now() + FAREWELL_MS }
  }

  /** An own claim that is not in the tables yet, or one with this id, which another process may have written. */
  newClaim(key: ResourceKey, id = this.options.random.id(16)): OwnClaim {
    const { leaseMs, graceMs, clock } = this.options
    const ownClaim = new OwnClaim(key, id, leaseMs, graceMs, clock)
    this.#claims.add(ownClaim)
    return ownClaim
  }

  /**
   * One step for a claim. The rule sees living claims only. The same transaction reaps dead claims and records sightings of
   * claims that may be dead.
   */
  async step(ownClaim: OwnClaim, spec: ClaimSpec, rule: Rule, options: StepOptions): Promise<StepResult> {
    if (this.#closed) throw this.#closed
    const request = { ...spec, id: ownClaim.id, leaseMs: ownClaim.leaseMs }
    const decide = (state: ResourceState, me: Claim): Decision => {
      const dead = this.#dead(ownClaim.key, state)
      const living = without(state, dead)
      return { ...rule(living, me), dead, sighted: this.#suspects(living) }
    }
    const before = ownClaim.mayExist
    ownClaim.mayExist = true
    const result = await this.store.step(ownClaim.key, request, decide, options).catch(error => {
      if (error instanceof SeraError && error.kind === 'conflict') ownClaim.mayExist = before
      throw error
    })
    ownClaim.mayExist = result.mine !== undefined
    if (this.#closed) await this.#abandon(ownClaim, this.#closed)
    ownClaim.seen = result.mine
    ownClaim.answer = result.answer
    if (result.mine) {
      this.#renewals.add(ownClaim)
      ownClaim.proven(result.sentAt)
    } else this.#renewals.drop(ownClaim)
    return result
  }

  /** A step without a request, on the oldest claims. Like any step, it reaps dead claims. */
  async visit(key: ResourceKey, oldest: number): Promise<void> {
    const ownClaim = this.newClaim(key)
    try {
      await this.step(ownClaim, {}, () => ({}), { ...this.farewell, join: false, read: { oldest } })
    } finally {
      this.forget(ownClaim)
    }
  }

  /** Reads the living claims at a resource up to ticket `upTo`, in `paceMs` or at the deadline. */
  async poll(key: ResourceKey, upTo: number, paceMs: number, deadline: Deadline, tag?: string): Promise<ResourceState> {
    const state = await this.#poller.poll(key, upTo, paceMs, deadline, tag)
    return without(state, this.#dead(key, state))
  }

  /** Closes idle connections. A holder keeps its connection: a renewal must not fail because the server has no free connection. */
  #rest(): void {
    const holds = this.#claims.all().some(({ seen: claim }) => claim && claim.state !== 'waiting')
    if (!holds) this.store.rest()
  }

  /** Makes the waiters at a resource poll at once, because the resource has changed. */
  pollNow(key: ResourceKey): void {
    this.#poller.pollNow(key)
  }

  /** Removes the claim. @returns whether it existed, as `ClaimStore.remove` */
  async leave(ownClaim: OwnClaim, deadline = this.farewell): Promise<boolean | undefined> {
    ownClaim.letGo()
    this.#renewals.drop(ownClaim)
    try {
      return await this.store.remove(ownClaim.id, deadline)
    } finally {
      this.forget(ownClaim)
    }
  }

  /** Stops renewing the claim. It was removed before, or ends with its lease. */
  forget(ownClaim: OwnClaim): void {
    this.#renewals.drop(ownClaim)
    ownClaim.letGo()
    if (this.#claims.delete(ownClaim)) this.#detector.forget(ownClaim.key)
  }

  /**
   * Closes the session. Every wait ends. Then the signal of every lock aborts and its claim is removed, even if the work under
   * the lock has not ended: the caller asked for that. Only claims that this process renews are removed. If the server does not
   * confirm within a few seconds, the claims end with their leases.
   */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = new SeraError('lock-failed', 'sera was closed')
    this.#poller.close(this.#closed)
    const ownClaims = this.#claims.all()
    for (const ownClaim of ownClaims) {
      ownClaim.gone(this.#closed.message)
      this.forget(ownClaim)
    }
    await Promise.allSettled(ownClaims.map(ownClaim => this.#giveBack(ownClaim)))
    await this.store.close()
  }

  /** Keeps a waiter's claim that was granted since the last poll: others may rely on it. */
  async #giveBack({ id, seen: claim }: OwnClaim): Promise<void> {
    if (claim?.processId !== this.store.processId) return
    if (claim.state !== 'waiting') await this.store.remove(id, this.farewell)
    else await this.store.remove(id, { until: this.clock.now() + CLOSING_MS }, 'waiting')
  }

  /** Removes the claim of a step whose answer came after `close`. */
  async #abandon({ id }: OwnClaim, reason: SeraError): Promise<never> {
    await this.store.remove(id, this.farewell).catch(() => {})
    throw reason
  }

  /**
   * The dead among the claims. A claim that this session owns is alive. A claim with this `processId` that the session does not own
   * comes from a delayed step that the session has given up. No process renews it, so it is dead.
   */
  #dead(key: ResourceKey, state: ResourceState): Claim[] {
    const expired = new Set(this.#detector.dead(key, state))
    const { processId } = this.store
    return state.claims.filter(
      claim => !this.#claims.has(claim.id) && (claim.processId === processId || expired.has(claim)),
    )
  }

  /** Claims of other processes that may be dead. The step records a sighting of them. */
  #suspects({ claims }: ResourceState): Claim[] {
    const { maxClockSkewMs } = this.options
    return claims.filter(claim => !this.#claims.has(claim.id) && needsSighting(claim, maxClockSkewMs))
  }
}

function without(state: ResourceState, dead: readonly Claim[]): ResourceState {
  return dead.length === 0 ? state : { ...state, claims: state.claims.filter(claim => !dead.includes(claim)) }
}
