/** An operation on one claim of a process does not affect its other claims. */
import test from 'ava'
import { OwnClaim } from '../../src/claims/own-claim.js'
import { OwnClaims } from '../../src/claims/own-claims.js'
import { Session } from '../../src/claims/session.js'
import { systemClock, systemRandom } from '../../src/clock.js'
import { MemoryStore, MemoryTables } from '../../src/store/tables/memory-store.js'

const OTHERS = 1000

test('forgetting a claim reads none of the process’s other claims', t => {
  const store = new MemoryStore(new MemoryTables(systemClock, systemRandom))
  const session = new Session(store, {
    clock: systemClock,
    random: systemRandom,
    leaseMs: 60_000,
    graceMs: 0,
    maxClockSkewMs: 0,
  })
  let reads = 0
  const key = (name: string) => ({
    kind: 'mutex',
    get name() {
      reads++
      return name
    },
  })
  for (let n = 0; n < OTHERS; n++) session.newClaim(key(`other ${n}`))
  const ownClaim = session.newClaim(key('own'))
  reads = 0
  session.forget(ownClaim)
  t.true(reads < 10, `${reads} reads`)
})

test('delete returns true for the last claim of the process at a resource', t => {
  const ownClaims = new OwnClaims()
  const key = { kind: 'mutex', name: 'm' }
  const [first, second] = ['a', 'b'].map(id => new OwnClaim(key, id, 60_000, 0, systemClock)) as [OwnClaim, OwnClaim]
  ownClaims.add(first)
  ownClaims.add(second)
  t.false(ownClaims.delete(first))
  t.false(ownClaims.has('a'))
  t.true(ownClaims.delete(second))
  t.true(ownClaims.delete(second), 'a repeated delete')
})
