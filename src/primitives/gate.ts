/**
 * Gate: any participant may close or open it. While it is closed, `wait` blocks. It stays closed when the session that closed it
 * ends.
 *
 * 1. The resource's `value` is the time at which the gate opens by itself, µs since 1970 by the server's clock. 0: it is open.
 *    FOREVER: it stays closed until it is opened.
 * 2. The step that opens the gate grants all waiters. So they pass even if the gate is closed again at once.
 * 3. The step that closes the gate grants all waiters too: the gate opened by itself before, and they have not polled since.
 * 4. Closing and opening are claims. The granted claim records the operation, as at a counter.
 * @see https://zookeeper.apache.org/doc/current/recipes.html#sc_recipes_eventHandles
 */

import type { WaitPolicy } from '../claims/acquire.js'
import type { Change, Claim, ResourceState, Rule } from '../claims/model.js'
import { paceTogether } from '../claims/poll-rate.js'
import type { Session } from '../claims/session.js'
import {
  granted,
  Primitive,
  type PrimitiveRequest,
  parseDurationOption,
  type SignalOptions,
  type WaitOptions,
} from './primitive.js'

export const FOREVER = Number.MAX_SAFE_INTEGER

export function isClosed({ resource, now }: ResourceState): boolean {
  return resource.value > now
}

/** `forMs`: time until the gate opens by itself; Infinity: never. */
export function closing(forMs: number): Rule {
  return (state, me) => {
    if (isClosed(state)) return { conflict: 'the gate is already closed' }
    const value = Math.min(FOREVER, state.now + Math.ceil(forMs * 1000))
    return { ...withAllWaiting(state, me), resource: { value } }
  }
}

export const opening: Rule = (state, me) => {
  if (!isClosed(state)) return { conflict: 'the gate is already open' }
  return { ...withAllWaiting(state, me), resource: { value: 0 } }
}

export const passing: Rule = (state, me) => (isClosed(state) ? {} : { remove: [me.id] })

function withAllWaiting({ claims }: ResourceState, me: Claim): Change {
  const waiting = claims.filter(({ id, state }) => state === 'waiting' && id !== me.id)
  return { claims: [me, ...waiting].flatMap(claim => granted(claim).claims ?? []) }
}

export function gate(rule: Rule): WaitPolicy {
  return { rule, pace: paceTogether, onlyAhead: false, groupGrant: true }
}

export function closeRequest(forMs = Number.POSITIVE_INFINITY): PrimitiveRequest {
  return { spec: {}, policy: gate(closing(forMs)) }
}

export const OPEN_REQUEST: PrimitiveRequest = { spec: {}, policy: gate(opening) }

export const PASS_REQUEST: PrimitiveRequest = { spec: {}, policy: gate(passing) }

/** Options of `close()` of a gate. */
export interface CloseOptions {
  /** Time until the gate opens by itself: milliseconds, or text like `'2h'`. Default: `'forever'`. */
  for?: number | string | undefined
  /** Cancels the call: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

/** A handle of a gate: `wait()` blocks while it is closed. Made by `sera.gate()`. */
export class Gate extends Primitive {
  /** @internal */
  constructor(session: Session, name: string) {
    super(session, 'gate', name)
  }

  /**
   * Closes the gate: `wait` blocks until the gate opens.
   *
   * @throws SeraError conflict, when it is already closed; lock-failed, usage; the signal's reason
   * @example await sera.gate('maintenance').close({ for: '2h' })
   */
  async close({ for: time = 'forever', signal }: CloseOptions = {}): Promise<void> {
    await this.pass(closeRequest(parseDurationOption('for', time)), { signal })
  }

  /**
   * Opens the gate. All waiters pass, even if it is closed again at once.
   *
   * @throws SeraError conflict, when it is already open; lock-failed; the signal's reason
   */
  async open({ signal }: SignalOptions = {}): Promise<void> {
    await this.pass(OPEN_REQUEST, { signal })
  }

  /**
   * Waits until the gate is open. Returns at once if it is open.
   *
   * @throws SeraError timed-out, lock-failed, usage; the signal's reason
   */
  async wait(options: WaitOptions = {}): Promise<void> {
    await this.pass(PASS_REQUEST, options)
  }
}
