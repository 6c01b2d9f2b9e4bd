/**
 * Counter: a number that never gets below zero and has no owner: what a crash took stays taken.
 *
 * Admission: adding is let on at once, whatever waits. Taking is let on when nobody who waits is ahead and the value covers it. The grant
 * is the operation: it changes the value in the same step, and its claim stays, as the record of the operation with the new
 * value as its result, until its client has seen it. So an answer that got lost is asked for again and not counted twice.
 */

import type { WaitPolicy } from '../claims/acquire.js'
import type { Change, Claim, Conflict, ResourceState } from '../claims/model.js'
import { paceByPosition } from '../claims/poll-rate.js'
import type { Session } from '../claims/session.js'
import { checkDelta } from './names.js'
import { granted, Primitive, type PrimitiveRequest, type WaitOptions } from './primitive.js'

/** `me.units` is what is to be added, and may be negative. */
export function admit({ resource, claims }: ResourceState, me: Claim): Change | Conflict {
  const value = resource.value + me.units
  if (!Number.isSafeInteger(value)) return { conflict: `the counter at ${resource.value} can't take ${me.units} more` }
  const waitsBehind = claims.some(({ state, ticket }) => state === 'waiting' && ticket < me.ticket)
  if (me.units < 0 && (waitsBehind || value < 0)) return {}
  return { ...granted(me, { result: String(value) }), resource: { value } }
}

export const COUNTER: WaitPolicy = { rule: admit, pace: paceByPosition, onlyAhead: true, groupGrant: true }

/** @throws SeraError usage */
export function counterRequest(delta: number): PrimitiveRequest {
  return { spec: { units: checkDelta(delta) }, policy: COUNTER }
}

export class Counter extends Primitive {
  /** @internal */
  constructor(session: Session, name: string) {
    super(session, 'counter', name)
  }

  /**
   * Adds `delta`, a whole number. A negative one waits until the value covers it and nobody who takes is ahead.
   *
   * @returns the new value
   * @throws SeraError timed-out, lock-failed, usage; conflict, when the value would get too large; the signal's reason
   * @example const left = await sera.counter('seats').add(-2, { wait: 0 })
   */
  async add(delta: number, options: WaitOptions = {}): Promise<number> {
    const ownClaim = await this.pass(counterRequest(delta), options)
    return Number(ownClaim.seen?.result)
  }

  /** The value now. @throws SeraError lock-failed */
  async value({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<number> {
    return (await this.look(signal)).resource.value
  }
}
