/**
 * Double barrier: `count` participants start together and leave together.
 *
 * Enter: as at a barrier, but while a generation runs, newcomers wait for the next; the oldest `count` of those who wait
 * make it. Who has not been heard of for a lease is not among them, dead or not.
 * Leave: a participant that has finished says so (`leaving`) and goes when nobody of its generation is at work any more.
 * The dead don't count, neither here nor there. A cancel that finds itself granted is a success.
 * @see https://zookeeper.apache.org/doc/current/recipes.html#sc_doubleBarriers
 */

import { stepUntilGranted, type WaitPolicy } from '../claims/acquire.js'
import type { Rule } from '../claims/model.js'
import { paceTogether } from '../claims/poll-rate.js'
import type { Session } from '../claims/session.js'
import { Lock } from './lock.js'
import { checkCount } from './names.js'
import {
  granted,
  Primitive,
  type PrimitiveRequest,
  parseDurationOption,
  timedOut,
  type WaitOptions,
} from './primitive.js'

export function entrance(count: number): Rule {
  return ({ resource, claims }, me) => {
    const waiting = claims.filter(({ id, state, overdueMs }) => id === me.id || (state === 'waiting' && overdueMs <= 0))
    if (resource.capacity !== undefined && resource.capacity !== count && waiting.length > 1) {
      return { conflict: `those who wait at this barrier expect ${resource.capacity} parties, not ${count}` }
    }
    const change = resource.capacity === count ? {} : { resource: { capacity: count } }
    const parties = waiting.slice(0, count)
    const running = claims.some(({ state }) => state === 'granted')
    if (running || parties.length < count) return change
    const generation = resource.generation + 1
    return {
      claims: parties.flatMap(party => granted(party, { generation }).claims ?? []),
      resource: { ...change.resource, generation },
    }
  }
}

export const exit: Rule = ({ claims }, me) => {
  const atWork = claims.some(
    ({ id, state, generation }) => id !== me.id && state === 'granted' && generation === me.generation,
  )
  if (!atWork) return { remove: [me.id] }
  return me.state === 'leaving' ? {} : { claims: [{ id: me.id, state: 'leaving' }] }
}

export function doubleBarrier(count: number): WaitPolicy {
  return { rule: entrance(count), pace: paceTogether, onlyAhead: false, groupGrant: true }
}

/** @throws SeraError usage */
export function doubleBarrierRequest(count: number, countName = 'count'): PrimitiveRequest {
  return { spec: {}, policy: doubleBarrier(checkCount(countName, count)) }
}

export const LEAVING: WaitPolicy = { rule: exit, pace: paceTogether, onlyAhead: false, groupGrant: true }

export class DoubleBarrier extends Primitive {
  readonly count: number

  /** @internal */
  constructor(session: Session, name: string, count: number) {
    super(session, 'double-barrier', name)
    this.count = checkCount('count', count)
  }

  /**
   * Waits until `count` are there and the former generation has left.
   *
   * @throws SeraError timed-out, lock-failed, usage; conflict, when those who wait expect another count; the signal's reason
   * @example
   * await using party = await sera.doubleBarrier('load test', 5).enter()
   * await run()
   * await party.leave()
   */
  async enter(options: WaitOptions = {}): Promise<Party> {
    return new Party(this.session, await this.acquireClaim(doubleBarrierRequest(this.count), options))
  }
}

/** One who has entered. To release it is to go without waiting for the others. */
export class Party extends Lock {
  #left: Promise<void> | undefined

  /** How many times the barrier has let its parties in, this time included. */
  readonly generation = this.ownClaim.seen?.generation as number

  override get held(): boolean {
    return !this.#left && super.held
  }

  /**
   * Waits until all who entered together have finished; whoever has died doesn't count. Who gives up the wait has left all
   * the same: the others don't wait for it.
   *
   * @throws SeraError timed-out, lock-failed, usage; the signal's reason
   */
  leave(options: WaitOptions = {}): Promise<void> {
    this.#left ??= this.#leave(options)
    return this.#left
  }

  override release(): Promise<void> {
    return this.#left?.catch(() => {}) ?? super.release()
  }

  async #leave({ wait, signal }: WaitOptions): Promise<void> {
    const { session, ownClaim } = this
    const waitMs = parseDurationOption('wait', wait ?? 'forever')
    const until = session.clock.now() + waitMs
    ownClaim.letGo()
    try {
      if (!(await stepUntilGranted(session, ownClaim, {}, LEAVING, { until, signal }))) timedOut(ownClaim.key, waitMs)
    } finally {
      if (ownClaim.seen) await super.release().catch(() => {})
      else session.forget(ownClaim)
    }
  }
}
