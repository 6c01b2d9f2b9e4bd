/**
 * Semaphore: at most `permits` units are held at a time, in order of arrival.
 *
 * Admission:
 * 1. A claim is granted when its units and the units of all claims ahead are at most the permits. So a waiter for many units is
 *    not overtaken by a waiter for few.
 * 2. A holder gets the lowest slot (a number from 0) that no other holder has.
 * 3. The first participant sets the number of permits. While claims exist, a participant with another number gets a conflict.
 *    A claim whose lease has run out does not count here: its owner may be dead.
 * 4. A request for more units than there are permits gets a conflict. It would wait for ever and block all behind it.
 */

import type { WaitPolicy } from '../claims/acquire.js'
import type { Claim, Rule } from '../claims/model.js'
import { paceByPosition } from '../claims/poll-rate.js'
import type { Session } from '../claims/session.js'
import { type Lock, lockAt } from './lock.js'
import { checkCount } from './names.js'
import { granted, Primitive, type PrimitiveRequest, type WaitOptions } from './primitive.js'

export function admission(permits: number): Rule {
  return ({ resource, claims }, me) => {
    if (me.units > permits) return { conflict: `asks for ${me.units} units, but there are ${permits} permits` }
    const others = claims.filter(({ id }) => id !== me.id)
    const agreed = resource.capacity ?? permits
    if (agreed !== permits && others.some(({ overdueMs }) => overdueMs <= 0)) {
      return { conflict: `in use with ${agreed} permits, not ${permits}; all participants must agree` }
    }
    const ahead = others.filter(({ ticket, state }) => ticket < me.ticket || state === 'granted')
    const taken = ahead.reduce((sum, { units }) => sum + units, 0)
    const change = taken + me.units <= permits ? granted(me, { slot: lowestFree(ahead) }) : {}
    return resource.capacity === permits ? change : { ...change, resource: { capacity: permits } }
  }
}

function lowestFree(holders: readonly Claim[]): number {
  const taken = new Set(holders.map(({ slot }) => slot))
  let slot = 0
  while (taken.has(slot)) slot++
  return slot
}

export function semaphore(permits: number): WaitPolicy {
  return { rule: admission(permits), pace: paceByPosition, onlyAhead: true, outOfOrder: true, groupGrant: false }
}

interface SemaphoreOptions {
  permits: number
  units?: number | undefined
}

/** @throws SeraError usage */
export function semaphoreRequest(
  { permits, units = 1 }: SemaphoreOptions,
  names: Readonly<Record<keyof SemaphoreOptions, string>> = { permits: 'permits', units: 'units' },
): PrimitiveRequest {
  const policy = semaphore(checkCount(names.permits, permits))
  return { spec: { units: checkCount(names.units, units, permits) }, policy }
}

/** Options of `acquire()` of a semaphore. */
export interface UnitsOptions extends WaitOptions {
  /** How many units to hold: 1 to the semaphore's permits. Default: 1. */
  units?: number | undefined
}

/** A handle of a semaphore: at most `permits` units are held at a time. Made by `sera.semaphore()`. */
export class Semaphore extends Primitive {
  /** How many units exist. */
  readonly permits: number

  /** @internal */
  constructor(session: Session, name: string, permits: number) {
    super(session, 'semaphore', name)
    this.permits = checkCount('permits', permits)
  }

  /**
   * Waits until `units` (default 1) are free and no waiter is ahead. The lock's `slot` is a number that no other holder has.
   *
   * @throws SeraError timed-out, lock-failed, usage; conflict, when the semaphore is in use with another number of permits; the
   * signal's reason
   * @example await using lock = await sera.semaphore('licences', 3).acquire({ units: 2 })
   */
  async acquire({ units, ...wait }: UnitsOptions = {}): Promise<Lock> {
    return lockAt(this.session, await this.acquireClaim(semaphoreRequest({ permits: this.permits, units }), wait))
  }
}
