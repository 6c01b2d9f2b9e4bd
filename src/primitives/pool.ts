/**
 * Pool: at most `maxLocks` hosts hold it, in order of arrival, as in Distributex. A holder needs no connection: it holds the pool
 * until it releases it or its time ends by the server's clock, even if the gateway of its request ends.
 *
 * Admission:
 * 1. A host that holds the pool and asks again gets the grant that it has.
 * 2. Otherwise a claim is granted when no other host waits ahead and fewer than `maxLocks` hold the pool.
 * 3. The grant removes the host's other claims, for example that of an earlier request whose gateway was killed.
 * 4. So every holder arrived before every waiter, and a step needs to read only the claims up to its own.
 * 5. No process renews a holder (`NO_PROCESS`): its time is the lease of its claim.
 *
 * A client that disconnects while it is granted gives the pool back. But the host may have asked again at another gateway and may
 * have been notified of the grant there. Why no other host can then get the pool:
 * 1. The step that notifies a host of its grant marks the claim (`Change.notified`).
 * 2. The step that gives the pool back does not remove a marked claim.
 *
 * Each step reads the limits again, because they may change during a wait.
 * @see https://github.com/calston/distributex
 */

import { NEWCOMER_READS, type WaitPolicy } from '../claims/acquire.js'
import { type Claim, NEVER_MS, NO_PROCESS, type Rule } from '../claims/model.js'
import type { Owner } from '../claims/owner.js'
import { paceByPosition } from '../claims/poll-rate.js'
import type { Session } from '../claims/session.js'
import { checkName } from './names.js'
import { granted, Primitive, type PrimitiveRequest, type WaitOptions } from './primitive.js'

export interface PoolLimits {
  /** How long a holder has the pool after its grant or renewal; Infinity: until it releases the pool. */
  expireMs: number
  maxLocks: number
}

/** The grant that a holder has. */
export interface PoolHolding {
  /** Fencing token: see Lock. */
  token: number
  /** Time left; Infinity: no end. */
  leftMs: number
}

/** The grant that a holder has released. Times by the server's clock. */
export interface ReleasedPool {
  token: number
  waitedMs: number
  heldMs: number
}

/** `limits` returns undefined when the pool no longer exists. */
export function admission(limits: () => PoolLimits | undefined): Rule {
  return ({ resource, claims }, me) => {
    const current = limits()
    if (!current) return { conflict: 'the pool no longer exists' }
    const others = claims.filter(({ id }) => id !== me.id)
    const held = others.find(claim => holds(claim, me.tag))
    if (held) return { remove: [me.id], notified: [held.id], answer: JSON.stringify(notice(held)) }
    const own = others.filter(({ tag }) => tag === me.tag)
    const ahead = others.filter(({ ticket, tag }) => ticket < me.ticket && tag !== me.tag)
    if (ahead.length >= current.maxLocks || ahead.some(({ state }) => state === 'waiting')) return {}
    const grant = granted(me, { processId: NO_PROCESS, leaseMs: Math.min(current.expireMs, NEVER_MS) })
    const change = own.length === 0 ? grant : { ...grant, remove: own.map(({ id }) => id) }
    return resource.capacity === current.maxLocks ? change : { ...change, resource: { capacity: current.maxLocks } }
  }
}

function holds({ state, tag }: Claim, holder: string | undefined): boolean {
  return state === 'granted' && tag === holder
}

/** For JSON, which has no Infinity: null means no end. */
function notice({ token, leaseMs, overdueMs }: Claim): { token: number; leftMs: number | null } {
  return { token: token as number, leftMs: leaseMs === NEVER_MS ? null : -overdueMs }
}

export class Pool extends Primitive {
  /** @internal */
  constructor(
    session: Session,
    name: string,
    readonly limits: () => PoolLimits | undefined,
  ) {
    super(session, 'pool', name)
  }

  /**
   * Waits until the host holds the pool. Returns at once if the host holds it already.
   *
   * @throws SeraError timed-out, lock-failed, usage; conflict, when the pool no longer exists; the signal's reason
   */
  async acquire(holder: string, owner: Owner, options: WaitOptions = {}): Promise<PoolHolding> {
    const ownClaim = await this.acquireClaim(this.#request(holder, owner), options)
    if (ownClaim.answer !== undefined) {
      await this.leaveClaim(ownClaim)
      return holding(JSON.parse(ownClaim.answer))
    }
    this.session.forget(ownClaim) // no process renews the claim of a holder
    return fullTime(ownClaim.seen as Claim)
  }

  /**
   * Releases the pool. @returns the grant that the host had; undefined when it did not hold the pool
   * @throws SeraError lock-failed
   */
  async release(holder: string): Promise<ReleasedPool | undefined> {
    const found = await this.#find(holder)
    const { store, farewell } = this.session
    if (!found || (await store.remove(found.claim.id, farewell, 'granted')) === false) return undefined
    this.session.pollNow(this.key)
    const { ticket, token = ticket } = found.claim
    return { token, waitedMs: (token - ticket) / 1000, heldMs: (found.now - token) / 1000 } // tickets and tokens are times, in µs
  }

  /** Gives the holder of that token its full time again. Undefined when it no longer holds the pool. @throws SeraError lock-failed */
  async renew(holder: string, token: number): Promise<PoolHolding | undefined> {
    const found = await this.#find(holder)
    if (found?.claim.token !== token) return undefined
    const { id } = found.claim
    const alive = await this.session.store.renew([id], this.session.farewell)
    return alive.has(id) ? fullTime(found.claim) : undefined
  }

  /** When `maxLocks` was lowered, more hosts may hold the pool than it allows: reads on while all claims read are granted. */
  async #find(holder: string): Promise<{ claim: Claim; now: number } | undefined> {
    const { store, farewell } = this.session
    for (let reads = this.#oldest; ; reads *= 10) {
      const { claims, now } = await store.front(this.key, reads, farewell)
      const claim = claims.find(other => holds(other, holder))
      if (claim) return { claim, now }
      if (claims.length < reads || claims.at(-1)?.state !== 'granted') return undefined
    }
  }

  #request(holder: string, owner: Owner): PrimitiveRequest {
    const policy: WaitPolicy = {
      rule: admission(this.limits),
      pace: paceByPosition,
      onlyAhead: true,
      newcomerReads: this.#oldest,
      groupGrant: false,
      isReliedOn: wasNotified,
    }
    return { spec: { tag: checkName('holder', holder), owner }, policy }
  }

  /** How many claims to read: all holders, who are the oldest, and some more, because `maxLocks` may have been lowered. */
  get #oldest(): number {
    return NEWCOMER_READS + (this.limits()?.maxLocks ?? 0)
  }
}

function wasNotified({ state, generation }: Claim): boolean {
  return state === 'granted' && generation !== undefined
}

function holding({ token, leftMs }: ReturnType<typeof notice>): PoolHolding {
  return { token, leftMs: leftMs ?? Number.POSITIVE_INFINITY }
}

/** Of a claim that was granted or renewed just now. */
function fullTime({ token, leaseMs }: Claim): PoolHolding {
  return { token: token as number, leftMs: leaseMs === NEVER_MS ? Number.POSITIVE_INFINITY : leaseMs }
}
