import { once } from 'node:events'
import { setTimeout as pass } from 'node:timers/promises'
import test from 'ava'
import { OwnClaim } from '../../src/claims/own-claim.js'
import { systemClock } from '../../src/clock.js'
import type { SeraError } from '../../src/errors.js'

const LEASE_MS = 10_000
const GRACE_MS = 2000
const MARGIN_MS = 1000
/** From the last confirmed renewal until who relies on the claim has to stop. */
const FENCE_MS = LEASE_MS - GRACE_MS - MARGIN_MS

/** A place whose claim was renewed when the clock showed 0. */
function setUp() {
  const clock = { ...systemClock, time: 0, boot: () => clock.time }
  const ownClaim = new OwnClaim({ kind: 'mutex', name: 'm' }, 'id', LEASE_MS, GRACE_MS, clock)
  ownClaim.proven(0)
  const ended = () => once(ownClaim.signal, 'abort').then(() => (ownClaim.signal.reason as SeraError).kind)
  return { clock, ownClaim, ended }
}

test('a claim lives a lease from when its last confirmed renewal was sent, in whatever order the answers come', t => {
  const { ownClaim } = setUp()
  t.is(ownClaim.until, LEASE_MS)
  ownClaim.proven(500)
  ownClaim.proven(300)
  t.is(ownClaim.until, 500 + LEASE_MS)
})

test('whoever relies on a claim is told a grace and a margin before it can be somebody else’s', async t => {
  const { clock, ownClaim, ended } = setUp()
  clock.time = FENCE_MS - 20
  const end = ended()
  ownClaim.hold()
  await pass(5)
  t.false(ownClaim.signal.aborted)
  clock.time = FENCE_MS
  t.is(await end, 'lost')
})

test('a claim that was read too late is lost from the first', async t => {
  const { clock, ownClaim, ended } = setUp()
  clock.time = FENCE_MS
  const end = ended()
  ownClaim.hold()
  t.is(await end, 'lost')
})

test('a renewal moves the end on', async t => {
  const { clock, ownClaim, ended } = setUp()
  clock.time = FENCE_MS - 10
  ownClaim.hold()
  ownClaim.proven(500)
  await pass(30)
  t.false(ownClaim.signal.aborted)
  const end = ended()
  clock.time = FENCE_MS + 490
  ownClaim.proven(501) // looks at the clock again
  clock.time = FENCE_MS + 501
  t.is(await end, 'lost')
})

test('whoever only waits, or has let go, is not told anything', async t => {
  const { clock, ownClaim } = setUp()
  clock.time = FENCE_MS - 5
  ownClaim.hold()
  ownClaim.letGo()
  clock.time = 2 * LEASE_MS
  await pass(20)
  ownClaim.gone('reaped')
  t.false(ownClaim.signal.aborted)
})

test('whoever relies on a claim that is gone is told at once, and so is its watcher', t => {
  const { ownClaim } = setUp()
  const heard: unknown[] = []
  ownClaim.watcher = { renewed: until => heard.push(until), gone: reason => heard.push(reason) }
  ownClaim.hold()
  ownClaim.proven(100)
  ownClaim.gone('reaped')
  t.deepEqual(heard, [100 + LEASE_MS, 'reaped'])
  t.is((ownClaim.signal.reason as SeraError).kind, 'lost')
})

test('it is noticed that the machine was suspended, which timers don’t count', async t => {
  const { clock, ownClaim, ended } = setUp()
  const end = ended()
  ownClaim.hold()
  clock.time = LEASE_MS // seven seconds of which no timer has seen
  const startedAt = performance.now()
  t.is(await end, 'lost')
  t.true(performance.now() - startedAt < 6000)
})
