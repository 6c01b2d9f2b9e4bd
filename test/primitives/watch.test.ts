import test from 'ava'
import fc from 'fast-check'
import { Watch } from '../../src/primitives/watch.js'
import { type Claim, freshClaim, type ResourceState } from '../../src/store/claims.js'
import { ensure, proves } from './model.js'

const KEY = { kind: 'mutex', name: 'm' }
const LEASE_MS = 2000
const MARGIN_MS = 1000
const SKEW_MS = 500
/** Behind the claim that is watched, and before it. */
const [BEFORE, TICKET, ALL] = [1, 2, Number.POSITIVE_INFINITY]

type Judge = Pick<Watch, 'dead'>
type Watching = (clock: { now(): number; boot(): number }) => Judge

const watching: Watching = clock => new Watch(clock, SKEW_MS)

const delay = fc.integer({ min: 0, max: 400 })
/** How long after the last one was written the next is sent, and how long it is under way. */
const renewals = fc.array(fc.record({ pause: fc.integer({ min: 0, max: 1.5 * LEASE_MS }), delay }), { maxLength: 12 })
/** `partly`: a look of somebody before the claim, that does not show it. */
const looks = fc.array(
  fc.record({ pause: fc.integer({ min: 0, max: 1000 }), delay, partly: fc.boolean(), member: fc.nat(1) }),
  { minLength: 1, maxLength: 25 },
)
/** How far each of two members' clocks is off; not by more than SKEW_MS from one another. */
const skews = fc.tuple(fc.integer({ min: 0, max: SKEW_MS }), fc.integer({ min: 0, max: SKEW_MS }))

interface Written {
  /** When its owner sent it: a lease from then it stops to act, unless it has sent another. */
  sentAt: number
  at: number
}

function written(sent: Array<{ pause: number; delay: number }>): Written[] {
  const all = [{ sentAt: 0, at: 5 }]
  for (const { pause, delay } of sent) {
    const sentAt = (all.at(-1) as Written).at + pause
    all.push({ sentAt, at: sentAt + delay })
  }
  return all
}

function claimAt(time: number, rows: readonly Written[], skewMs: number): Claim[] {
  const done = rows.filter(({ at }) => at <= time)
  const last = done.at(-1)
  if (!last) return []
  const claim = freshClaim({ id: 'owner', leaseMs: LEASE_MS }, TICKET, 'process')
  return [{ ...claim, renewals: done.length, overdueMs: time + skewMs - (last.at + LEASE_MS) }]
}

function state(claims: Claim[], upTo = ALL): ResourceState {
  return {
    claims,
    upTo,
    now: 0,
    resource: { version: 9, grantedToken: 2, capacity: undefined, value: 0, generation: 0, record: undefined },
  }
}

const safety = (make: Watching) =>
  fc.property(renewals, looks, skews, (sent, seen, skew) => {
    const rows = written(sent)
    const clock = { time: 0, now: () => 0, boot: () => clock.time }
    const watch = make(clock)
    for (const { pause, delay, partly, member } of seen) {
      const readAt = clock.time + pause
      clock.time = readAt + delay
      const claims = partly ? [] : claimAt(readAt, rows, skew[member]! - skew[0])
      const dead = watch.dead(KEY, state(claims, partly ? BEFORE : ALL))
      const done = rows.filter(({ at }) => at <= clock.time)
      // whoever is judged dead by an old count is not reaped: the row has another by now
      if (dead.length === 0 || done.length > claims[0]!.renewals) continue
      return ensure(clock.time >= done.at(-1)!.sentAt + LEASE_MS, 'taken for dead while it may act')
    }
  })

/** Looked at every 50 ms, and seen each time or, as by somebody who is further ahead mostly, each n-th time. */
const completeness = (make: Watching) =>
  fc.property(renewals, fc.integer({ min: 1, max: 4 }), (sent, nth) => {
    const rows = written(sent.map(({ delay }) => ({ pause: LEASE_MS / 3, delay })))
    const clock = { time: 0, now: () => 0, boot: () => clock.time }
    const watch = make(clock)
    const endsAt = rows.at(-1)!.at + LEASE_MS + MARGIN_MS
    for (let round = 0; clock.time <= endsAt + 2 * nth * 50; round++) {
      clock.time += 50
      const seen = round % nth === 0
      // its clock is behind: by the server's time alone it would never be overdue
      const claims = seen ? claimAt(clock.time, rows, -1e6) : []
      if (watch.dead(KEY, state(claims, seen ? ALL : BEFORE)).length > 0) {
        return ensure(clock.time >= endsAt, 'too soon: somebody may be slow to stop')
      }
    }
    ensure(false, 'still not taken for dead')
  })

/** A watch that sees what `change` makes of it. */
const seeing =
  (change: (claim: Claim) => Claim): Watching =>
  clock => {
    const watch = watching(clock)
    return { dead: (key, read) => watch.dead(key, { ...read, claims: read.claims.map(change) }) }
  }

const believesTheServer: Watching = () => ({ dead: (_, { claims }) => claims.filter(({ overdueMs }) => overdueMs > 0) })
const ignoresRenewals: Watching = clock => {
  const watch = watching(clock)
  return {
    dead: (key, { claims, ...rest }) => {
      const dead = watch.dead(key, { ...rest, claims: claims.map(one => ({ ...one, renewals: 0 })) })
      return claims.filter(({ id }) => dead.some(one => one.id === id))
    },
  }
}

test('nobody is taken for dead while it may act, whatever is delayed and whosever clock is wrong', t => {
  proves(t, safety, watching, {
    'believes a server’s clock': believesTheServer,
    'believes it a little late only': clock => new Watch(clock, SKEW_MS / 4),
    'does not see renewals': ignoresRenewals,
    'waits for half a lease': seeing(claim => ({ ...claim, leaseMs: claim.leaseMs / 3 })),
  })
})

test('whoever does not renew is taken for dead a lease and a margin later, also if it was not always looked at', t => {
  proves(t, completeness, watching, {
    'without a margin': seeing(claim => ({ ...claim, leaseMs: claim.leaseMs - MARGIN_MS })),
    'believes nobody’s silence': seeing(claim => ({ ...claim, leaseMs: 1e9 })),
    'forgets whom it did not see this time': clock => {
      const watch = watching(clock)
      return { dead: (key, read) => watch.dead(key, { ...read, upTo: ALL }) }
    },
  })
})

test('whoever is overdue by more than clocks can differ is dead at the first look', t => {
  const watch = watching({ now: () => 0, boot: () => 0 })
  const [claim] = claimAt(5, [{ sentAt: 0, at: 5 }], 0) as [Claim]
  t.deepEqual(watch.dead(KEY, state([{ ...claim, overdueMs: SKEW_MS }])), [])
  t.is(watch.dead(KEY, state([{ ...claim, overdueMs: SKEW_MS + 1 }])).length, 1)
})

test('a claim that comes back under its id has a new life, even if it has not been renewed as often yet', t => {
  const clock = { time: 0, now: () => 0, boot: () => clock.time }
  const watch = watching(clock)
  const [claim] = claimAt(5, [{ sentAt: 0, at: 5 }], 0) as [Claim]
  watch.dead(KEY, state([claim], TICKET))
  clock.time = LEASE_MS + MARGIN_MS
  const again = { ...claim, ticket: claim.ticket + 1 }
  watch.dead(KEY, state([], TICKET)) // it is further back than this look sees
  t.deepEqual(watch.dead(KEY, state([again])), [])
})

test('what was seen is forgotten with the resource', t => {
  const clock = { time: 0, now: () => 0, boot: () => clock.time }
  const watch = new Watch(clock, SKEW_MS)
  const claims = claimAt(5, [{ sentAt: 0, at: 5 }], -1e6)
  watch.dead(KEY, state(claims))
  watch.forget(KEY)
  clock.time = LEASE_MS + MARGIN_MS
  t.deepEqual(watch.dead(KEY, state(claims)), [])
})
