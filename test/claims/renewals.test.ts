import test from 'ava'
import { OwnClaim } from '../../src/claims/own-claim.js'
import { Renewals } from '../../src/claims/renewals.js'
import { sleep, systemRandom } from '../../src/clock.js'
import { SeraError } from '../../src/errors.js'
import { MemoryStore, MemoryTables } from '../../src/store/tables/memory-store.js'
import { ManualClock } from '../support/manual-clock.js'

const LEASE_MS = 60_000
const THIRD_MS = LEASE_MS / 3

/** The test sets which claims exist, and delays answers. */
class RecordingStore extends MemoryStore {
  readonly calls: string[][] = []
  alive = (ids: readonly string[]): readonly string[] => ids
  answer = async () => {}

  override async renew(ids: readonly string[]): Promise<Set<string>> {
    this.calls.push([...ids])
    await this.answer()
    return new Set(this.alive(ids))
  }
}

function setUp() {
  const clock = new ManualClock()
  const store = new RecordingStore(new MemoryTables(clock, systemRandom))
  const renewals = new Renewals(store, { clock, random: systemRandom, leaseMs: LEASE_MS })
  const ownClaim = (id: string) => {
    const made = new OwnClaim({ kind: 'mutex', name: 'm' }, id, LEASE_MS, 0, clock)
    const events: string[] = []
    made.watcher = { renewed: () => events.push('renewed'), gone: () => events.push('gone') }
    renewals.add(made)
    return Object.assign(made, { events })
  }
  return { clock, store, renewals, ownClaim }
}

test('one call every third of a lease renews all claims', async t => {
  const { clock, store, ownClaim } = setUp()
  const ownClaims = ['a', 'b', 'c'].map(ownClaim)
  await clock.pass(LEASE_MS)
  t.deepEqual(
    store.calls.map(ids => ids.join()),
    ['a,b,c', 'a,b,c', 'a,b,c'],
  )
  t.deepEqual(
    ownClaims.map(({ until }) => until),
    Array(3).fill(2 * LEASE_MS),
  )
})

test('a renewal counts from when it was sent, even if its answer is late', async t => {
  const { clock, store, ownClaim } = setUp()
  const one = ownClaim('a')
  store.answer = () => sleep(clock, 5000)
  await clock.pass(THIRD_MS + 4999)
  t.is(one.until, Number.NEGATIVE_INFINITY)
  await clock.pass(1)
  t.is(one.until, THIRD_MS + LEASE_MS)
})

test('a claim that is no longer in the tables is reported and not renewed again', async t => {
  const { clock, store, ownClaim } = setUp()
  const [gone, here] = [ownClaim('gone'), ownClaim('here')]
  store.alive = ids => ids.filter(id => id === 'here')
  await clock.pass(2 * THIRD_MS)
  t.deepEqual(gone.events, ['gone'])
  t.deepEqual(here.events, ['renewed', 'renewed'])
  t.deepEqual(store.calls, [['gone', 'here'], ['here']])
})

test('a claim that left during a renewal is not reported as gone', async t => {
  const { clock, store, renewals, ownClaim } = setUp()
  const one = ownClaim('a')
  store.alive = () => []
  store.answer = () => sleep(clock, 10)
  await clock.pass(THIRD_MS)
  renewals.drop(one)
  await clock.pass(10)
  t.is(store.calls.length, 1)
  t.deepEqual(one.events, [])
})

test('a failed renewal does not extend the lease and is retried soon', async t => {
  const { clock, store, ownClaim } = setUp()
  const one = ownClaim('a')
  store.answer = () => Promise.reject(new SeraError('lock-failed', 'no'))
  await clock.pass(THIRD_MS)
  t.deepEqual(one.events, [])
  store.answer = async () => {}
  await clock.pass(1000)
  t.deepEqual(one.events, ['renewed'])
})

test('without claims nothing is renewed; each new claim starts one series', async t => {
  const { clock, store, renewals, ownClaim } = setUp()
  store.answer = () => sleep(clock, 10)
  for (let round = 1; round <= 5; round++) {
    const one = ownClaim('a')
    await clock.pass(THIRD_MS)
    t.is(store.calls.length, round)
    renewals.drop(one) // during a renewal
    const next = ownClaim('b')
    await clock.pass(10)
    renewals.drop(next)
  }
  await clock.pass(LEASE_MS)
  t.is(store.calls.length, 5)
  ownClaim('c')
  await clock.pass(LEASE_MS)
  t.deepEqual(store.calls.slice(5), [['c'], ['c'], ['c']])
})
