import { once } from 'node:events'
import { setTimeout as pass } from 'node:timers/promises'
import test from 'ava'
import { OwnClaim } from '../../src/claims/own-claim.js'
import { systemClock } from '../../src/clock.js'
import type { SeraError } from '../../src/errors.js'

const LEASE_MS = 10_000
const GRACE_MS = 2000
const MARGIN_MS = 1000
/** From the last confirmed renewal until the work under the claim must stop. */
const FENCE_MS = LEASE_MS - GRACE_MS - MARGIN_MS

/** A claim that was renewed at time 0. */
function setUp() {
  const clock = { ...systemClock, time: 0, boot: () => clock.time }
  const ownClaim = new OwnClaim({ kind: 'mutex', name: 'm' }, 'id', LEASE_MS, GRACE_MS, clock)
  ownClaim.proven(0)
  const ended = () => once(ownClaim.signal, 'abort').then(() => (ownClaim.signal.reason as SeraError).kind)
  return { clock, ownClaim, ended }
}

test('a claim lives a lease from the newest confirmed renewal, in any order of answers', t => {
  const { ownClaim } = setUp()
  t.is(ownClaim.until, LEASE_MS)
  ownClaim.proven(500)
  ownClaim.proven(300)
  t.is(ownClaim.until, 500 + LEASE_MS)
})

test('the signal of a held claim aborts a grace and a margin before the lease ends', async t => {
  const { clock, ownClaim, ended } = setUp()
  clock.time = FENCE_MS - 20
  const end = ended()
  ownClaim.hold()
  await pass(5)
  t.false(ownClaim.signal.aborted)
  clock.time = FENCE_MS
  t.is(await end, 'lost')
})

test('a claim that is granted after its fence is lost at once', async t => {
  const { clock, ownClaim, ended } = setUp()
  clock.time = FENCE_MS
  const end = ended()
  ownClaim.hold()
  t.is(await end, 'lost')
})

test('a renewal moves the fence', async t => {
  const { clock, ownClaim, ended } = setUp()
  clock.time = FENCE_MS - 10
  ownClaim.hold()
  ownClaim.proven(500)
  await pass(30)
  t.false(ownClaim.signal.aborted)
  const end = ended()
  clock.time = FENCE_MS + 490
  ownClaim.proven(501) // checks the clock again
  clock.time = FENCE_MS + 501
  t.is(await end, 'lost')
})

test('the signal of a claim that is not held never aborts', async t => {
  const { clock, ownClaim } = setUp()
  clock.time = FENCE_MS - 5
  ownClaim.hold()
  ownClaim.letGo()
  clock.time = 2 * LEASE_MS
  await pass(20)
  ownClaim.gone('reaped')
  t.false(ownClaim.signal.aborted)
})

test('a claim that no longer exists aborts its signal and informs its watcher', t => {
  const { ownClaim } = setUp()
  const events: unknown[] = []
  ownClaim.watcher = { renewed: until => events.push(until), gone: reason => events.push(reason) }
  ownClaim.hold()
  ownClaim.proven(100)
  ownClaim.gone('reaped')
  t.deepEqual(events, [100 + LEASE_MS, 'reaped'])
  t.is((ownClaim.signal.reason as SeraError).kind, 'lost')
})

test('a suspend of the machine is detected although timers do not count it', async t => {
  const { clock, ownClaim, ended } = setUp()
  const end = ended()
  ownClaim.hold()
  clock.time = LEASE_MS // a suspend: no timer has counted this time
  const startedAt = performance.now()
  t.is(await end, 'lost')
  t.true(performance.now() - startedAt < 6000)
})
