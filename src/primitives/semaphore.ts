/**
 * Semaphore: at most `permits` units are held at a time, in order of arrival.
 *
 * Admission: the units of all ahead and mine together are no more than the permits. Who waits for many units is not overtaken by
 * who wants few. A holder has a slot, the lowest that is free, from 0: a number that no other holder has.
 * Who names another number of permits than the others is told so; when nobody is there, the number is theirs to choose.
 */
import type { Claim, Rule } from '../store/claims.js'
import { granted } from './grant.js'
import { byPlace, type Waiting } from './turn.js'

export function admission(permits: number): Rule {
  return ({ resource, claims }, me) => {
    const others = claims.filter(({ id }) => id !== me.id)
    const agreed = resource.capacity ?? permits
    if (agreed !== permits && others.some(({ overdueMs }) => overdueMs <= 0)) {
      return { conflict: `the others at this semaphore go by ${agreed} permits, not ${permits}` }
    }
    const ahead = others.filter(({ ticket, state }) => ticket < me.ticket || state === 'granted')
    const taken = ahead.reduce((sum, { units }) => sum + units, 0)
    const change = taken + me.units <= permits ? granted(me, { slot: lowestFree(ahead) }) : {}
    return agreed === resource.capacity ? change : { ...change, resource: { capacity: permits } }
  }
}

function lowestFree(holders: readonly Claim[]): number {
  const taken = new Set(holders.map(({ slot }) => slot))
  let slot = 0
  while (taken.has(slot)) slot++
  return slot
}

export function semaphore(permits: number): Waiting {
  return { rule: admission(permits), pace: byPlace, onlyAhead: true, meeting: false }
}
