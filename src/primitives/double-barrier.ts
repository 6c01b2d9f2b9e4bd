/**
 * Double barrier: `count` participants start together and leave together.
 *
 * Enter: as at a barrier. While a generation is at work, newcomers wait for the next one: the oldest `count` waiters. A waiter whose
 * lease has run out is not among them, because it may be dead.
 * Leave: a participant that has finished changes its claim to `leaving`. It leaves when no other claim of its generation is granted.
 * Dead claims count neither at the entrance nor at the exit. A participant that is granted while it cancels has entered.
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
      return { conflict: `the waiters expect ${resource.capacity} parties, not ${count}; all participants must agree` }
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

/** A handle of a double barrier: `count` participants start and leave together. Made by `sera.doubleBarrier()`. */
export class DoubleBarrier extends Primitive {
  /** How many participants start together. */
  readonly count: number

  /** @internal */
  constructor(session: Session, name: string, count: number) {
    super(session, 'double-barrier', name)
    this.count = checkCount('count', count)
  }

  /**
   * Waits until `count` parties have arrived and the former generation has left.
   *
   * @throws SeraError timed-out, lock-failed, usage; conflict, when the waiters expect another count; the signal's reason
   * @example
   * await using party = await sera.doubleBarrier('load test', 5).enter()
   * await run()
   * await party.leave()
   */
  async enter(options: WaitOptions = {}): Promise<Party> {
    return new Party(this.session, await this.acquireClaim(doubleBarrierRequest(this.count), options))
  }
}

/** A participant that has entered. `release` leaves without waiting for the others. */
export class Party extends Lock {
  #left: Promise<void> | undefined

  /** The number of generations that have entered so far, including this one. */
  readonly generation = this.ownClaim.seen?.generation as number

  /** False as soon as `leave()` or `release()` is called. Otherwise as `held` of a lock. */
  override get held(): boolean {
    return !this.#left && super.held
  }

  /**
   * Waits until all parties of this generation have finished. Dead parties do not count. A party whose wait ends early has left as
   * well: the others do not wait for it.
   *
   * @throws SeraError timed-out, lock-failed, usage; the signal's reason
   */
  leave(options: WaitOptions = {}): Promise<void> {
    this.#left ??= this.#leave(options)
    return this.#left
  }

  /** Leaves without waiting for the other participants. */
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
