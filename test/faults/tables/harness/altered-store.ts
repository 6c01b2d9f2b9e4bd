/** A store with some methods replaced, and two faults made this way: a member with a wrong clock, and one that lags. */
import type { ClaimStore, ResourceState } from '../../../../src/claims/model.js'
import type { ClientOptions } from './client-options.js'

export function altered(store: ClaimStore, changes: Partial<ClaimStore>): ClaimStore {
  return new Proxy(store, {
    get(target, name) {
      const own = changes[name as keyof ClaimStore]
      if (own) return own
      const kept = target[name as keyof ClaimStore]
      return typeof kept === 'function' ? kept.bind(target) : kept
    },
  })
}

export function troubled(store: ClaimStore, { clockAheadMs, readsLag }: ClientOptions): ClaimStore {
  const clocked = clockAheadMs === undefined ? store : withClockAhead(store, clockAheadMs)
  return readsLag ? withLag(clocked) : clocked
}

function withClockAhead(store: ClaimStore, ms: number): ClaimStore {
  const later = (state: ResourceState): ResourceState => ({
    ...state,
    claims: state.claims.map(claim => ({ ...claim, overdueMs: claim.overdueMs + ms })),
  })
  return altered(store, {
    step: (key, mine, decide, options) => store.step(key, mine, (state, me) => decide(later(state), me), options),
    look: async (asked, deadline) => (await store.look(asked, deadline)).map(later),
  })
}

function withLag(store: ClaimStore): ClaimStore {
  const first = new Map<string, number>()
  return altered(store, {
    async look(asked, deadline) {
      const states = await store.look(asked, deadline)
      return states.map(state => ({
        ...state,
        claims: state.claims.map(claim => {
          if (!first.has(claim.id)) first.set(claim.id, claim.renewals)
          return { ...claim, renewals: first.get(claim.id) as number }
        }),
      }))
    },
  })
}
