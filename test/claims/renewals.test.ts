import { setTimeout as pass } from 'node:timers/promises'
import test from 'ava'
import { OwnClaim } from '../../src/claims/own-claim.js'
import { Renewals } from '../../src/claims/renewals.js'
import { systemClock } from '../../src/clock.js'
import { SeraError } from '../../src/errors.js'
import { systemRandom } from '../../src/random.js'
import { MemoryStore, MemoryTables } from '../../src/store/tables/memory-store.js'

const LEASE_MS = 60

/** Who is renewed is said by the test; each call may be held up. */
class RenewalsAsked extends MemoryStore {
  readonly calls: string[][] = []
  alive = (ids: readonly string[]): readonly string[] => ids
  answer: Promise<void> | undefined

  override async renew(ids: readonly string[]): Promise<Set<string>> {
    this.calls.push([...ids])
    await this.answer
    return new Set(this.alive(ids))
  }
}

function setUp() {
  const store = new RenewalsAsked(new MemoryTables(systemClock, systemRandom))
  const renewals = new Renewals(store, { clock: systemClock, random: systemRandom, leaseMs: LEASE_MS })
  const ownClaim = (id: string) => {
    const made = new OwnClaim({ kind: 'mutex', name: 'm' }, id, LEASE_MS, 0, systemClock)
    const heard: string[] = []
    made.watcher = { renewed: () => heard.push('renewed'), gone: () => heard.push('gone') }
    renewals.add(made)
    return Object.assign(made, { heard })
  }
  return { store, renewals, ownClaim }
}

async function until(met: () => boolean): Promise<void> {
  while (!met()) await pass(1)
}

test('one call every third of a lease renews all claims', async t => {
  const { store, renewals, ownClaim } = setUp()
  const [startedAt, bootedAt] = [performance.now(), systemClock.boot()]
  const ownClaims = ['a', 'b', 'c'].map(ownClaim)
  await until(() => store.calls.length === 3)
  t.true(performance.now() - startedAt >= LEASE_MS - 25) // the boot clock goes in steps of 10 ms
  t.deepEqual(new Set(store.calls.map(ids => ids.join())), new Set(['a,b,c']))
  t.true(ownClaims.every(one => one.until >= bootedAt + LEASE_MS))
  for (const one of ownClaims) renewals.drop(one)
})

test('a renewal counts from when it was sent, however late its answer comes', async t => {
  const { store, renewals, ownClaim } = setUp()
  const one = ownClaim('a')
  store.answer = pass(100)
  await until(() => store.calls.length === 1)
  const sentAt = systemClock.boot()
  await until(() => one.heard.length === 1)
  t.true(one.until <= sentAt + LEASE_MS)
  renewals.drop(one)
})

test('who is no longer in the tables is told, and renewed no more; the others go on', async t => {
  const { store, renewals, ownClaim } = setUp()
  const [gone, here] = [ownClaim('gone'), ownClaim('here')]
  store.alive = ids => ids.filter(id => id === 'here')
  await until(() => here.heard.length === 2)
  t.deepEqual(gone.heard, ['gone'])
  t.deepEqual(store.calls, [['gone', 'here'], ['here']])
  renewals.drop(here)
})

test('who has left while the answer was under way is not told that its claim is gone', async t => {
  const { store, renewals, ownClaim } = setUp()
  const one = ownClaim('a')
  store.alive = () => []
  let answer = () => {}
  store.answer = new Promise(resolve => {
    answer = resolve
  })
  await until(() => store.calls.length === 1)
  renewals.drop(one)
  answer()
  await pass(5)
  t.deepEqual(one.heard, [])
})

test('a renewal that fails proves nothing, and is tried again soon', async t => {
  const { store, renewals, ownClaim } = setUp()
  const one = ownClaim('a')
  store.answer = Promise.reject(new SeraError('lock-failed', 'no'))
  store.answer.catch(() => {})
  await until(() => store.calls.length === 1)
  t.deepEqual(one.heard, [])
  store.answer = undefined
  await until(() => one.heard.length > 0)
  t.deepEqual(one.heard, ['renewed'])
  renewals.drop(one)
})

test('where nobody has a claim nothing is renewed, and there is one round of renewals however often one comes and goes', async t => {
  const { store, renewals, ownClaim } = setUp()
  for (let round = 0; round < 5; round++) {
    const asked = store.calls.length
    const one = ownClaim('a')
    let answer = () => {}
    store.answer = new Promise(resolve => {
      answer = resolve
    })
    await until(() => store.calls.length > asked)
    renewals.drop(one) // in the middle of a beat
    const next = ownClaim('b')
    answer()
    await pass(1)
    renewals.drop(next)
  }
  const asked = store.calls.length
  await pass(LEASE_MS)
  t.is(store.calls.length, asked)
  const last = ownClaim('c')
  const startedAt = performance.now()
  await pass(LEASE_MS)
  const most = (3 * (performance.now() - startedAt)) / LEASE_MS + 1
  t.true(store.calls.length - asked <= most, `${store.calls.length - asked} calls, and not ${most}`)
  t.true(store.calls.every(ids => ids.length > 0))
  renewals.drop(last)
})
