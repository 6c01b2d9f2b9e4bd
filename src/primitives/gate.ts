/**
 * Gate: a barrier that anyone closes and anyone opens. It outlives its closer. While it is closed, whoever waits at it is held up.
 *
 * The resource's value is when it opens by itself, µs since 1970 by the server's clock: 0 when it is open, FOREVER when somebody has
 * to open it. Opening grants all who wait in the same step, so that they pass even if it is closed again at once. Closing
 * and opening, too, are claims, whose grant is the record of the operation, as with the counter.
 * @see https://zookeeper.apache.org/doc/current/recipes.html#sc_recipes_eventHandles
 */
import type { Claim, ResourceState, Rule } from '../store/claims.js'
import { granted } from './grant.js'
import { together, type Waiting } from './turn.js'

export const FOREVER = Number.MAX_SAFE_INTEGER

export function isClosed({ resource, now }: ResourceState): boolean {
  return resource.value > now
}

/** `forMs`: Infinity, or how long until it opens by itself. */
export function closing(forMs: number): Rule {
  return (state, me) => {
    if (isClosed(state)) return { conflict: 'the gate is closed already' }
    const value = forMs === Number.POSITIVE_INFINITY ? FOREVER : state.now + Math.ceil(forMs * 1000)
    return { ...granted(me), resource: { value } }
  }
}

export const opening: Rule = (state, me) => {
  if (!isClosed(state)) return { conflict: 'the gate is open already' }
  return { claims: [me, ...waitingAt(state, me)].flatMap(one => granted(one).claims ?? []), resource: { value: 0 } }
}

export const passing: Rule = (state, me) => (isClosed(state) ? {} : { remove: [me.id] })

function waitingAt({ claims }: ResourceState, me: Claim): Claim[] {
  return claims.filter(({ id, state }) => state === 'waiting' && id !== me.id)
}

export function gate(rule: Rule): Waiting {
  return { rule, pace: together, onlyAhead: false, meeting: true }
}
