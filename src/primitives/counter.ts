/**
 * Counter: a number that never gets below zero. It has no owner, so units that a participant took stay taken when it crashes.
 *
 * Admission:
 * 1. Adding is granted at once, even if claims wait.
 * 2. Taking is granted when no waiter is ahead and the value stays at zero or more.
 * 3. The step that grants also changes the value. The granted claim records the new value until its client has read it. So a client
 *    whose answer was lost finds the record when it asks again, and the operation counts once.
 */

import type { WaitPolicy } from '../claims/acquire.js'
import type { Change, Claim, Conflict, ResourceState } from '../claims/model.js'
import { paceByPosition } from '../claims/poll-rate.js'
import type { Session } from '../claims/session.js'
import { checkDelta } from './names.js'
import { granted, Primitive, type PrimitiveRequest, type SignalOptions, type WaitOptions } from './primitive.js'

/** `me.units` is the amount to add; a negative amount takes. */
export function admit({ resource, claims }: ResourceState, me: Claim): Change | Conflict {
  const value = resource.value + me.units
  if (!Number.isSafeInteger(value)) return { conflict: `cannot add ${me.units} to ${resource.value}: out of range` }
  const isBehindWaiter = claims.some(({ state, ticket }) => state === 'waiting' && ticket < me.ticket)
  if (me.units < 0 && (isBehindWaiter || value < 0)) return {}
  return { ...granted(me, { result: String(value) }), resource: { value } }
}

export const COUNTER: WaitPolicy = { rule: admit, pace: paceByPosition, onlyAhead: true, groupGrant: true }

/** @throws SeraError usage */
export function counterRequest(delta: number): PrimitiveRequest {
  return { spec: { units: checkDelta(delta) }, policy: COUNTER }
}

/** A handle of a counter: a number that never falls below zero. Made by `sera.counter()`. */
export class Counter extends Primitive {
  /** @internal */
  constructor(session: Session, name: string) {
    super(session, 'counter', name)
  }

  /**
   * Adds `delta`, a whole number. A negative `delta` waits until no waiter is ahead and the result is at least zero.
   *
   * @returns the new value
   * @throws SeraError timed-out, lock-failed, usage; conflict, when the sum would not be exact; the signal's reason
   * @example const left = await sera.counter('seats').add(-2, { wait: 0 })
   */
  async add(delta: number, options: WaitOptions = {}): Promise<number> {
    const ownClaim = await this.pass(counterRequest(delta), options)
    return Number(ownClaim.seen?.result)
  }

  /** Reads the value. @throws SeraError lock-failed */
  async value({ signal }: SignalOptions = {}): Promise<number> {
    return (await this.look(signal)).resource.value
  }
}
