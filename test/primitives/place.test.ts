import { once } from 'node:events'
import { setTimeout as pass } from 'node:timers/promises'
import test from 'ava'
import type { SeraError } from '../../src/errors.js'
import { Place } from '../../src/primitives/place.js'

const LEASE_MS = 10_000
const GRACE_MS = 2000
const MARGIN_MS = 1000
/** From the last confirmed renewal until who relies on the claim has to stop. */
const FENCE_MS = LEASE_MS - GRACE_MS - MARGIN_MS

/** A place whose claim was renewed when the clock showed 0. */
function setUp() {
  const clock = { time: 0, now: () => performance.now(), boot: () => clock.time }
  const place = new Place({ kind: 'mutex', name: 'm' }, 'id', LEASE_MS, GRACE_MS, clock)
  place.proven(0)
  const ended = () => once(place.signal, 'abort').then(() => (place.signal.reason as SeraError).kind)
  return { clock, place, ended }
}

test('a claim lives a lease from when its last confirmed renewal was sent, in whatever order the answers come', t => {
  const { place } = setUp()
  t.is(place.until, LEASE_MS)
  place.proven(500)
  place.proven(300)
  t.is(place.until, 500 + LEASE_MS)
})

test('whoever relies on a claim is told a grace and a margin before it can be somebody else’s', async t => {
  const { clock, place, ended } = setUp()
  clock.time = FENCE_MS - 20
  const end = ended()
  place.hold()
  await pass(5)
  t.false(place.signal.aborted)
  clock.time = FENCE_MS
  t.is(await end, 'lost')
})

test('a claim that was read too late is lost from the first', async t => {
  const { clock, place, ended } = setUp()
  clock.time = FENCE_MS
  const end = ended()
  place.hold()
  t.is(await end, 'lost')
})

test('a renewal moves the end on', async t => {
  const { clock, place, ended } = setUp()
  clock.time = FENCE_MS - 10
  place.hold()
  place.proven(500)
  await pass(30)
  t.false(place.signal.aborted)
  const end = ended()
  clock.time = FENCE_MS + 490
  place.proven(501) // looks at the clock again
  clock.time = FENCE_MS + 501
  t.is(await end, 'lost')
})

test('whoever only waits, or has let go, is not told anything', async t => {
  const { clock, place } = setUp()
  clock.time = FENCE_MS - 5
  place.hold()
  place.letGo()
  clock.time = 2 * LEASE_MS
  await pass(20)
  place.gone('reaped')
  t.false(place.signal.aborted)
})

test('whoever relies on a claim that is gone is told at once, and so is its watcher', t => {
  const { place } = setUp()
  const heard: unknown[] = []
  place.watcher = { renewed: until => heard.push(until), gone: reason => heard.push(reason) }
  place.hold()
  place.proven(100)
  place.gone('reaped')
  t.deepEqual(heard, [100 + LEASE_MS, 'reaped'])
  t.is((place.signal.reason as SeraError).kind, 'lost')
})

test('it is noticed that the machine was suspended, which timers don’t count', async t => {
  const { clock, place, ended } = setUp()
  const end = ended()
  place.hold()
  clock.time = LEASE_MS // seven seconds of which no timer has seen
  const startedAt = performance.now()
  t.is(await end, 'lost')
  t.true(performance.now() - startedAt < 6000)
})
