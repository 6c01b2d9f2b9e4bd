/** What a process does about one of its places does not touch the others. */
import test from 'ava'
import { OwnClaim } from '../../src/claims/own-claim.js'
import { OwnClaims } from '../../src/claims/own-claims.js'
import { Session } from '../../src/claims/session.js'
import { systemClock, systemRandom } from '../../src/clock.js'
import { MemoryStore, MemoryTables } from '../../src/store/tables/memory-store.js'

const OTHERS = 1000

test('forgetting a place reads none of the process’s other places', t => {
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

test('a process goes on watching a resource until its last place there is forgotten', t => {
  const places = new OwnClaims()
  const key = { kind: 'mutex', name: 'm' }
  const [first, second] = ['a', 'b'].map(id => new OwnClaim(key, id, 60_000, 0, systemClock)) as [OwnClaim, OwnClaim]
  places.add(first)
  places.add(second)
  t.false(places.delete(first))
  t.false(places.has('a'))
  t.true(places.delete(second))
  t.true(places.delete(second), 'it may be forgotten twice')
})
