/**
 * Double barrier: `count` participants start together and leave together.
 *
 * Enter: as at a barrier, but while a generation runs, newcomers wait for the next; the oldest `count` of those who wait make it.
 * Leave: a participant that has finished says so (`leaving`) and goes when nobody of its generation is at work any more. The dead
 * don't count, neither here nor there. A cancel that finds itself granted is a success.
 * @see https://zookeeper.apache.org/doc/current/recipes.html#sc_doubleBarriers
 */
import type { Rule } from '../store/claims.js'
import { granted } from './grant.js'
import { together, type Waiting } from './turn.js'

export function entrance(count: number): Rule {
  return ({ resource, claims }, me) => {
    const waiting = claims.filter(({ state }) => state === 'waiting')
    const others = waiting.filter(({ id, overdueMs }) => id !== me.id && overdueMs <= 0)
    if (resource.capacity !== undefined && resource.capacity !== count && others.length > 0) {
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

export function doubleBarrier(count: number): Waiting {
  return { rule: entrance(count), pace: together, onlyAhead: false, meeting: true }
}
