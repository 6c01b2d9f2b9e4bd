import test from 'ava'
import fc from 'fast-check'
import { FailureDetector } from '../../src/claims/failure-detector.js'
import { type Claim, freshClaim, NEVER_MS, NO_PROCESS, type ResourceState } from '../../src/claims/model.js'
import { needsSighting } from '../../src/claims/sighting.js'
import { ensure, proves } from '../primitives/model.js'

const KEY = { kind: 'mutex', name: 'm' }
const LEASE_MS = 2000
const MARGIN_MS = 1000
/** More than the margin, and enough for a claim to look overdue as soon as it is written. */
const SKEW_MS = 2000
/** Behind the claim that is watched, and before it. */
const [BEFORE, TICKET, ALL] = [1, 2, Number.POSITIVE_INFINITY]

/** A process that judges claims, and says of which a step records a sighting. */
interface Judge extends Pick<FailureDetector, 'dead'> {
  suspects(claim: Claim): boolean
}
type Watching = (clock: { boot(): number }) => Judge

const skewed =
  (skewMs: number): Watching =>
  clock => {
    const watch = new FailureDetector(clock, skewMs)
    return { dead: (key, read) => watch.dead(key, read), suspects: claim => needsSighting(claim, skewMs) }
  }
const watching = skewed(SKEW_MS)

const delay = fc.integer({ min: 0, max: 400 })
/** How long after the last one was written the next is sent, and how long it is under way. */
const renewals = fc.array(fc.record({ pause: fc.integer({ min: 0, max: 1.5 * LEASE_MS }), delay }), { maxLength: 12 })
/** `partly`: a look that does not reach the claim. `isNew`: by a process that has seen nothing before, and does not wait. */
const looks = fc.array(
  fc.record({
    pause: fc.integer({ min: 0, max: 1000 }),
    delay,
    partly: fc.boolean(),
    isNew: fc.boolean(),
    member: fc.nat(1),
  }),
  { minLength: 1, maxLength: 25 },
)
const skew = fc.nat(SKEW_MS - 1)
const skews = fc.oneof(fc.constantFrom([0, SKEW_MS - 1] as const, [SKEW_MS - 1, 0] as const), fc.tuple(skew, skew))
/**
 * Either the clocks of two members differ, by less than SKEW_MS; or one clock is put forward once. Both together may end a live
 * claim, as `sighting.ts` says.
 */
const clocks = fc.oneof(
  fc.record({ skews, jumpAt: fc.constant(0), jumpMs: fc.constant(0) }),
  fc.record({
    skews: fc.constant([0, 0] as const),
    jumpAt: fc.integer({ min: 0, max: 6 * LEASE_MS }),
    jumpMs: fc.constantFrom(LEASE_MS, 60 * LEASE_MS),
  }),
)

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

interface Sighting {
  renewals: number
  /** By the server's clock. */
  at: number
}

/** How far a member's clock is ahead at a time: of the one that is asked, and of the one that wrote. */
type Ahead = (time: number) => number

function claimAt(
  time: number,
  rows: readonly Written[],
  ahead: Ahead,
  writer: Ahead = ahead,
  seen?: Sighting,
): Claim[] {
  const done = rows.filter(({ at }) => at <= time)
  const last = done.at(-1)
  if (!last) return []
  const claim = freshClaim({ id: 'owner', leaseMs: LEASE_MS }, TICKET, 'process')
  const now = time + ahead(time)
  const seenForMs = seen?.renewals === done.length ? now - seen.at : undefined
  return [{ ...claim, renewals: done.length, overdueMs: now - (last.at + writer(last.at) + LEASE_MS), seenForMs }]
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
  fc.property(renewals, looks, clocks, (sent, seen, { skews, jumpAt, jumpMs }) => {
    const rows = written(sent)
    const clock = { time: 0, boot: () => clock.time }
    const patient = make(clock)
    let sighting: Sighting | undefined
    for (const { pause, delay, partly, isNew, member } of seen) {
      const readAt = clock.time + pause
      clock.time = readAt + delay
      const clockOf = (member: number) => (time: number) => skews[member]! + (time >= jumpAt ? jumpMs : 0)
      const ahead = clockOf(member)
      const watch = isNew ? make(clock) : patient
      const claims = partly ? [] : claimAt(readAt, rows, ahead, clockOf(0), sighting)
      const dead = watch.dead(KEY, state(claims, partly ? BEFORE : ALL))
      if (claims[0] && watch.suspects(claims[0])) {
        sighting = { renewals: claims[0].renewals, at: readAt + ahead(readAt) }
      }
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
    const clock = { time: 0, boot: () => clock.time }
    const watch = make(clock)
    const endsAt = rows.at(-1)!.at + LEASE_MS + MARGIN_MS
    for (let round = 0; clock.time <= endsAt + 2 * nth * 50; round++) {
      clock.time += 50
      const seen = round % nth === 0
      // its clock is behind: by the server's time alone it would never be overdue
      const claims = seen ? claimAt(clock.time, rows, () => -1e6) : []
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
    return { ...watch, dead: (key, read) => watch.dead(key, { ...read, claims: read.claims.map(change) }) }
  }

/** What sera 2.0 did for processes that do not wait. */
const believesTheServer: Watching = () => ({
  dead: (_, { claims }) => claims.filter(({ overdueMs }) => overdueMs > SKEW_MS),
  suspects: () => false,
})
const ignoresRenewals: Watching = clock => {
  const watch = watching(clock)
  return {
    ...watch,
    dead: (key, { claims, ...rest }) => {
      const dead = watch.dead(key, { ...rest, claims: claims.map(one => ({ ...one, renewals: 0 })) })
      return claims.filter(({ id }) => dead.some(one => one.id === id))
    },
  }
}

test('no live claim expires while members’ clocks differ, or when a clock is put forward once', t => {
  proves(t, safety, watching, {
    'believes a server’s clock': believesTheServer,
    'forgets that members’ clocks differ': skewed(0),
    'does not see renewals': ignoresRenewals,
    'a sighting outlives renewals': seeing(claim => ({ ...claim, seenForMs: claim.overdueMs })),
    'waits for half a lease': seeing(claim => ({ ...claim, leaseMs: LEASE_MS / 2 - MARGIN_MS })),
  })
})

test('whoever does not renew is taken for dead a lease and a margin later, also if it was not always looked at', t => {
  proves(t, completeness, watching, {
    'without a margin': seeing(claim => ({ ...claim, leaseMs: claim.leaseMs - MARGIN_MS })),
    'believes nobody’s silence': seeing(claim => ({ ...claim, leaseMs: 1e9 })),
    'forgets whom it did not see this time': clock => {
      const watch = watching(clock)
      return { ...watch, dead: (key, read) => watch.dead(key, { ...read, upTo: ALL }) }
    },
  })
})

const NEVER_SEEN = { boot: () => 0 }
const claimOverdue = (overdueMs: number, seenForMs?: number): Claim => {
  const [claim] = claimAt(5, [{ sentAt: 0, at: 5 }], () => 0) as [Claim]
  return { ...claim, overdueMs, seenForMs }
}

test('an overdue claim is dead at first sight only when it was seen for lease, margin and skew', t => {
  const deadFor = (seenForMs?: number) =>
    watching(NEVER_SEEN).dead(KEY, state([claimOverdue(3_600_000, seenForMs)])).length
  const ENOUGH_MS = LEASE_MS + MARGIN_MS + SKEW_MS
  t.deepEqual([undefined, 0, ENOUGH_MS - 1, ENOUGH_MS].map(deadFor), [0, 0, 0, 1])
})

test('a sighting is recorded of overdue claims without a valid one, and of no others', t => {
  const needs = (...given: Parameters<typeof claimOverdue>) => needsSighting(claimOverdue(...given), SKEW_MS)
  t.deepEqual([needs(-1), needs(1), needs(1, 0), needs(1, 5000)], [false, true, false, false])
  t.true(needs(1, -1), 'the server’s clock was put back since it was seen')
  t.false(needs(-LEASE_MS - SKEW_MS))
  t.true(needs(-LEASE_MS - SKEW_MS - 1), 'the server’s clock was put back since it was renewed')
  t.false(needsSighting({ ...claimOverdue(1), processId: NO_PROCESS }, SKEW_MS))
  t.false(needsSighting({ ...claimOverdue(1), leaseMs: NEVER_MS }, SKEW_MS))
})

test('a claim that comes back under its id has a new life, even if it has not been renewed as often yet', t => {
  const clock = { time: 0, boot: () => clock.time }
  const watch = watching(clock)
  const [claim] = claimAt(5, [{ sentAt: 0, at: 5 }], () => 0) as [Claim]
  watch.dead(KEY, state([claim], TICKET))
  clock.time = LEASE_MS + MARGIN_MS
  const again = { ...claim, ticket: claim.ticket + 1 }
  watch.dead(KEY, state([], TICKET)) // it is further back than this look sees
  t.deepEqual(watch.dead(KEY, state([again])), [])
})

test('what was seen is forgotten with the resource', t => {
  const clock = { time: 0, boot: () => clock.time }
  const watch = new FailureDetector(clock, SKEW_MS)
  const claims = claimAt(5, [{ sentAt: 0, at: 5 }], () => -1e6)
  watch.dead(KEY, state(claims))
  watch.forget(KEY)
  clock.time = LEASE_MS + MARGIN_MS
  t.deepEqual(watch.dead(KEY, state(claims)), [])
})
