/**
 * Gate: a barrier that anyone closes and anyone opens. It outlives its closer. While it is closed, whoever waits at it is held up.
 *
 * The resource's value is when it opens by itself, µs since 1970 by the server's clock: 0 when it is open, FOREVER when somebody has
 * to open it. Opening grants all who wait in the same step, so that they pass even if it is closed again at once; closing, those who
 * waited until it opened by itself. Closing and opening, too, are claims, whose grant is the record of the operation, as
 * with the counter.
 * @see https://zookeeper.apache.org/doc/current/recipes.html#sc_recipes_eventHandles
 */

import type { WaitPolicy } from '../claims/acquire.js'
import type { Change, Claim, ResourceState, Rule } from '../claims/model.js'
import { paceTogether } from '../claims/poll-rate.js'
import type { Session } from '../claims/session.js'
import { granted, Primitive, type PrimitiveRequest, parseDurationOption, type WaitOptions } from './primitive.js'

export const FOREVER = Number.MAX_SAFE_INTEGER

export function isClosed({ resource, now }: ResourceState): boolean {
  return resource.value > now
}

/** `forMs`: Infinity, or how long until it opens by itself. */
export function closing(forMs: number): Rule {
  return (state, me) => {
    if (isClosed(state)) return { conflict: 'the gate is closed already' }
    const value = Math.min(FOREVER, state.now + Math.ceil(forMs * 1000))
    // it may have opened by itself a moment ago, and those who waited for that have not looked yet
    return { ...withAllWaiting(state, me), resource: { value } }
  }
}

export const opening: Rule = (state, me) => {
  if (!isClosed(state)) return { conflict: 'the gate is open already' }
  return { ...withAllWaiting(state, me), resource: { value: 0 } }
}

export const passing: Rule = (state, me) => (isClosed(state) ? {} : { remove: [me.id] })

function withAllWaiting({ claims }: ResourceState, me: Claim): Change {
  const waiting = claims.filter(({ id, state }) => state === 'waiting' && id !== me.id)
  return { claims: [me, ...waiting].flatMap(one => granted(one).claims ?? []) }
}

export function gate(rule: Rule): WaitPolicy {
  return { rule, pace: paceTogether, onlyAhead: false, groupGrant: true }
}

export function closeRequest(forMs = Number.POSITIVE_INFINITY): PrimitiveRequest {
  return { spec: {}, policy: gate(closing(forMs)) }
}

export const OPEN_REQUEST: PrimitiveRequest = { spec: {}, policy: gate(opening) }

export const PASS_REQUEST: PrimitiveRequest = { spec: {}, policy: gate(passing) }

export interface CloseOptions {
  /** Until it opens by itself, as `wait` elsewhere: milliseconds or text. Default: `'forever'`. */
  for?: number | string | undefined
  signal?: AbortSignal | undefined
}

export class Gate extends Primitive {
  /** @internal */
  constructor(session: Session, name: string) {
    super(session, 'gate', name)
  }

  /**
   * Holds up whoever waits from now on.
   *
   * @throws SeraError conflict, when it is closed already; lock-failed, usage; the signal's reason
   * @example await sera.gate('maintenance').close({ for: '2h' })
   */
  async close({ for: time = 'forever', signal }: CloseOptions = {}): Promise<void> {
    await this.pass(closeRequest(parseDurationOption('for', time)), { signal })
  }

  /**
   * Lets all go who wait, also if it is closed again at once.
   *
   * @throws SeraError conflict, when it is open already; lock-failed; the signal's reason
   */
  async open({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    await this.pass(OPEN_REQUEST, { signal })
  }

  /**
   * Waits until the gate is open: not at all when it is.
   *
   * @throws SeraError timed-out, lock-failed, usage; the signal's reason
   */
  async wait(options: WaitOptions = {}): Promise<void> {
    await this.pass(PASS_REQUEST, options)
  }
}
