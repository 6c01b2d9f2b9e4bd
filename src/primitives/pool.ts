/**
 * Pool: at most so many hosts hold it, first come, first served, as in Distributex. Nobody stays connected while he holds it: it is
 * his until he gives it back or his time is up, by the server's clock, whatever has become of who got it for him.
 *
 * Admission: who holds it is let on once more, with the grant he has. Otherwise nobody else waits ahead of me, and fewer hold it than
 * may. Where the same host waits ahead of me, as one that asks anew when its gateway was killed, its other claims go with my
 * grant; so grants come in the order of arrival, and whoever holds it came before all who wait: what stands up to my place in the
 * queue is all that matters. A holder has no process that renews him (`NOBODY`): his claim gets his time as its lease.
 *
 * Why nobody else gets it who has been told that it is his: whoever hangs up in the moment of his grant gives it back; but not when
 * the same host, having asked again elsewhere, has heard of that grant meanwhile. To be told of a grant is a step, which leaves its
 * mark on the claim (`Change.told`), and to give it back is a step that looks for the mark.
 *
 * What the limits say is asked anew each time, as they may change while somebody waits.
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
  /** For how long a holder has it who does not renew; Infinity: until he gives it back. */
  expireMs: number
  maxLocks: number
}

/** What a holder has. */
export interface PoolHolding {
  /** Fencing token: see Lock. */
  token: number
  /** For so long, Infinity for ever. */
  leftMs: number
}

/** What a holder has had, by the server's clock. */
export interface ReleasedPool {
  token: number
  waitedMs: number
  heldMs: number
}

/** Undefined limits: the pool is gone. */
export function admission(limits: () => PoolLimits | undefined): Rule {
  return ({ resource, claims }, me) => {
    const now = limits()
    if (!now) return { conflict: 'there is no such pool any more' }
    const others = claims.filter(({ id }) => id !== me.id)
    const mine = others.find(one => holds(one, me.tag))
    if (mine) return { remove: [me.id], notified: [mine.id], answer: JSON.stringify(notice(mine)) }
    const own = others.filter(({ tag }) => tag === me.tag)
    const ahead = others.filter(({ ticket, tag }) => ticket < me.ticket && tag !== me.tag)
    if (ahead.length >= now.maxLocks || ahead.some(({ state }) => state === 'waiting')) return {}
    const grant = granted(me, { processId: NO_PROCESS, leaseMs: Math.min(now.expireMs, NEVER_MS) })
    const change = own.length === 0 ? grant : { ...grant, remove: own.map(({ id }) => id) }
    return resource.capacity === now.maxLocks ? change : { ...change, resource: { capacity: now.maxLocks } }
  }
}

function holds({ state, tag }: Claim, holder: string | undefined): boolean {
  return state === 'granted' && tag === holder
}

/** As JSON takes it: null for ever. */
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
   * Waits until the holder has it; he may have it already.
   *
   * @throws SeraError timed-out, lock-failed, usage; conflict, when there is no such pool any more; the signal's reason
   */
  async acquire(holder: string, owner: Owner, options: WaitOptions = {}): Promise<PoolHolding> {
    const ownClaim = await this.acquireClaim(this.#request(holder, owner), options)
    if (ownClaim.answer !== undefined) {
      await this.leaveClaim(ownClaim)
      return holding(JSON.parse(ownClaim.answer))
    }
    this.session.forget(ownClaim) // from now on it is the holder's
    return whole(ownClaim.seen as Claim)
  }

  /**
   * Takes it from the holder. @returns what he has had; undefined when he did not hold it
   * @throws SeraError lock-failed
   */
  async release(holder: string): Promise<ReleasedPool | undefined> {
    const found = await this.#find(holder)
    const { store, farewell } = this.session
    if (!found || (await store.remove(found.claim.id, farewell, 'granted')) === false) return undefined
    this.session.pollNow(this.key)
    const { ticket, token = ticket } = found.claim
    return { token, waitedMs: (token - ticket) / 1000, heldMs: (found.now - token) / 1000 } // numbers begin as times, in µs
  }

  /** Gives the holder of that token his whole time again. Undefined when he no longer has it. @throws SeraError lock-failed */
  async renew(holder: string, token: number): Promise<PoolHolding | undefined> {
    const found = await this.#find(holder)
    if (found?.claim.token !== token) return undefined
    const { id } = found.claim
    const alive = await this.session.store.renew([id], this.session.farewell)
    return alive.has(id) ? whole(found.claim) : undefined
  }

  /** More may hold it than may get it, when limits have been lowered. */
  async #find(holder: string): Promise<{ claim: Claim; now: number } | undefined> {
    const { store, farewell } = this.session
    for (let reads = this.#oldest; ; reads *= 10) {
      const { claims, now } = await store.front(this.key, reads, farewell)
      const claim = claims.find(one => holds(one, holder))
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

  /** As many as may hold it, who stand before all others; and some, as there may have been more once. */
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

/** Just granted or renewed. */
function whole({ token, leaseMs }: Claim): PoolHolding {
  return { token: token as number, leftMs: leaseMs === NEVER_MS ? Number.POSITIVE_INFINITY : leaseMs }
}
