/**
 * Semaphore: at most `permits` units are held at a time, in order of arrival.
 *
 * Admission: the units of all ahead and mine together are no more than the permits. Who waits for many units is not overtaken by
 * who wants few. A holder has a slot, the lowest that is free, from 0: a number that no other holder has.
 * Who names another number of permits than the others is told so; when nobody is there, the number is theirs to choose. So is
 * who wants more units than there are: it would wait for ever, and hold up all behind it.
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
    if (me.units > permits) return { conflict: `${me.units} units are more than the ${permits} permits there are` }
    const others = claims.filter(({ id }) => id !== me.id)
    const agreed = resource.capacity ?? permits
    if (agreed !== permits && others.some(({ overdueMs }) => overdueMs <= 0)) {
      return { conflict: `the others at this semaphore go by ${agreed} permits, not ${permits}` }
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

interface Share {
  permits: number
  units?: number | undefined
}

/** @throws SeraError usage */
export function semaphoreRequest(
  { permits, units = 1 }: Share,
  names: Readonly<Record<keyof Share, string>> = { permits: 'permits', units: 'units' },
): PrimitiveRequest {
  const policy = semaphore(checkCount(names.permits, permits))
  return { spec: { units: checkCount(names.units, units, permits) }, policy }
}

export class Semaphore extends Primitive {
  readonly permits: number

  /** @internal */
  constructor(session: Session, name: string, permits: number) {
    super(session, 'semaphore', name)
    this.permits = checkCount('permits', permits)
  }

  /**
   * Waits until `units` (default 1) are free and nobody is ahead. The lock's `slot` is a number that no other holder has.
   *
   * @throws SeraError timed-out, lock-failed, usage; conflict, when the others go by another number of permits; the
   * signal's reason
   * @example await using lock = await sera.semaphore('licences', 3).acquire({ units: 2 })
   */
  async acquire({ units, ...wait }: WaitOptions & { units?: number | undefined } = {}): Promise<Lock> {
    return lockAt(this.session, await this.acquireClaim(semaphoreRequest({ permits: this.permits, units }), wait))
  }
}
