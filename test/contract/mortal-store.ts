/** The store of a process that can die. After its death no call reaches the lock tables. */
import type { ClaimStore } from '../../src/claims/model.js'
import { SeraError } from '../../src/errors.js'

export interface MortalStore {
  store: ClaimStore
  die(): void
}

export function mortal(store: ClaimStore): MortalStore {
  let isDead = false
  const proxy = new Proxy(store, {
    get(target, name) {
      const own = target[name as keyof ClaimStore]
      if (typeof own !== 'function') return own
      const call = own.bind(target) as (...words: unknown[]) => unknown
      if (name === 'rest' || name === 'close') return call
      return async (...words: unknown[]) => {
        if (isDead) throw new SeraError('lock-failed', 'this process is dead')
        return call(...words)
      }
    },
  })
  const die = () => {
    isDead = true
  }
  return { store: proxy, die }
}
