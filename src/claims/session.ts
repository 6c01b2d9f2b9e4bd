/**
 * This process among the others at the lock tables: its claims, the renewals that keep them alive, its looks at what it
 * waits for, and its knowledge of who has died. The primitives receive it; it knows none of them.
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
  /** How long before a claim can be somebody else's its holder wants to be told, ms. */
  graceMs: number
  /** What members' clocks can't differ by. */
  maxClockSkewMs: number
  /** How often it looks for expired claims that other processes left behind. */
  reapEveryMs?: number
}

/** What is asked for, without what makes it a claim of this process. */
export type ClaimSpec = Omit<ClaimRequest, 'id' | 'leaseMs'>

/** Of a session that renews claims: seldom, as there may be thousands. */
const REAP_EVERY_MS = 300_000

/** What taking a claim out of the tables may cost; its lease ends it too. */
const FAREWELL_MS = 5000

/** The same for claims that only wait, where somebody waits for this process to end. */
const CLOSING_MS = 1000

export class Session {
  /** From before the first step until after the claim is gone. */
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

  /** For the calls that end something. */
  get farewell(): Deadline {
    return { until: this.clock.now() + FAREWELL_MS }
  }

  /** A place for a claim that has not been made yet, or for one with this id, which somebody else may have made. */
  newClaim(key: ResourceKey, id = this.options.random.id(16)): OwnClaim {
    const { leaseMs, graceMs, clock } = this.options
    const ownClaim = new OwnClaim(key, id, leaseMs, graceMs, clock)
    this.#claims.add(ownClaim)
    return ownClaim
  }

  /**
   * One step for a place, by a rule that sees the living only. The same transaction reaps the dead, and records a sighting of
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

  /** A step that asks for nothing, on the oldest claims. Like any step, it reaps the dead. */
  async visit(key: ResourceKey, oldest: number): Promise<void> {
    const ownClaim = this.newClaim(key)
    try {
      await this.step(ownClaim, {}, () => ({}), { ...this.farewell, join: false, read: { oldest } })
    } finally {
      this.forget(ownClaim)
    }
  }

  /** The living claims at a resource up to ticket `upTo`, as they are in `paceMs` or at the deadline. */
  async poll(key: ResourceKey, upTo: number, paceMs: number, deadline: Deadline, tag?: string): Promise<ResourceState> {
    const state = await this.#poller.poll(key, upTo, paceMs, deadline, tag)
    return without(state, this.#dead(key, state))
  }

  /** Nothing will be asked for a while. A holder keeps its connection: its renewals must not fail because the server is full. */
  #rest(): void {
    const holds = this.#claims.all().some(({ seen: claim }) => claim && claim.state !== 'waiting')
    if (!holds) this.store.rest()
  }

  /** Something has changed at a resource: whoever waits there looks at once. */
  pollNow(key: ResourceKey): void {
    this.#poller.pollNow(key)
  }

  /** The claim leaves the tables. @returns whether it was still there, as `ClaimStore.remove` */
  async leave(ownClaim: OwnClaim, deadline = this.farewell): Promise<boolean | undefined> {
    ownClaim.letGo()
    this.#renewals.drop(ownClaim)
    try {
      return await this.store.remove(ownClaim.id, deadline)
    } finally {
      this.forget(ownClaim)
    }
  }

  /** The claim is gone, or will be when its lease is over. */
  forget(ownClaim: OwnClaim): void {
    this.#renewals.drop(ownClaim)
    ownClaim.letGo()
    if (this.#claims.delete(ownClaim)) this.#detector.forget(ownClaim.key)
  }

  /**
   * Ends what this process has at the tables. Every wait is broken off. Then the signal of every lock aborts, and its claim is given
   * back: the caller has asked for that, whether or not the work under the lock has ended. Only claims that this process renews are
   * given back. Where the server can't be told within a few seconds, their leases end them.
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

  /** A claim that was granted to a waiter unseen stays: others may count on it. */
  async #giveBack({ id, seen: claim }: OwnClaim): Promise<void> {
    if (claim?.processId !== this.store.processId) return
    if (claim.state !== 'waiting') await this.store.remove(id, this.farewell)
    else await this.store.remove(id, { until: this.clock.now() + CLOSING_MS }, 'waiting')
  }

  /** The answer to a step came after the end. */
  async #abandon({ id }: OwnClaim, reason: SeraError): Promise<never> {
    await this.store.remove(id, this.farewell).catch(() => {})
    throw reason
  }

  /**
   * Claims of this process are alive, being this process's, and so are those of clients that it renews for them; but one of its
   * own that it does not know is the late twin of a request that it has given up, and nobody renews it.
   */
  #dead(key: ResourceKey, state: ResourceState) {
    const expired = new Set(this.#detector.dead(key, state))
    const { processId } = this.store
    return state.claims.filter(
      claim => !this.#claims.has(claim.id) && (claim.processId === processId || expired.has(claim)),
    )
  }

  /** Claims of other processes that may be dead, and of which a sighting is to be recorded. */
  #suspects({ claims }: ResourceState): Claim[] {
    const { maxClockSkewMs } = this.options
    return claims.filter(claim => !this.#claims.has(claim.id) && needsSighting(claim, maxClockSkewMs))
  }
}

function without(state: ResourceState, dead: ReturnType<FailureDetector['dead']>): ResourceState {
  return dead.length === 0 ? state : { ...state, claims: state.claims.filter(claim => !dead.includes(claim)) }
}
