import test from 'ava'
import fc from 'fast-check'
import { FailureDetector } from '../../src/claims/failure-detector.js'
import { type Claim, freshClaim, NEVER_MS, NO_PROCESS, type ResourceState } from '../../src/claims/model.js'
import { needsSighting } from '../../src/claims/sighting.js'
import { ensure, proves } from '../primitives/model.js'

const KEY = { kind: 'mutex', name: 'm' }
const LEASE_MS = 2000
const MARGIN_MS = 1000
/** More than the margin, and enough for a claim to appear overdue when it is written. */
const SKEW_MS = 2000
/** A ticket before the claim under test, its own ticket, and all tickets. */
const [BEFORE, TICKET, ALL] = [1, 2, Number.POSITIVE_INFINITY]

/** A process that detects dead claims, and decides which sightings a step records. */
interface Judge extends Pick<FailureDetector, 'dead'> {
  suspects(claim: Claim): boolean
}
type MakeJudge = (clock: { boot(): number }) => Judge

const skewed =
  (skewMs: number): MakeJudge =>
  clock => {
    const detector = new FailureDetector(clock, skewMs)
    return { dead: (key, read) => detector.dead(key, read), suspects: claim => needsSighting(claim, skewMs) }
  }
const makeJudge = skewed(SKEW_MS)

const delay = fc.integer({ min: 0, max: 400 })
/** Time from one write to the sending of the next renewal, and from there to its write. */
const renewals = fc.array(fc.record({ pause: fc.integer({ min: 0, max: 1.5 * LEASE_MS }), delay }), { maxLength: 12 })
/** `partly`: a poll that does not reach the claim. `isNew`: a read by a new process, which does not wait. */
const polls = fc.array(
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
 * Either the clocks of two members differ by less than SKEW_MS, or one clock jumps forward once. Both together may end a live
 * claim: see the remaining risk in `sighting.ts`.
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
  /** When its owner sent it. The owner stops a lease later unless it has sent another. */
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

/** How far a member's clock is ahead at a time. The member that reads and the one that wrote may differ. */
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

const safety = (make: MakeJudge) =>
  fc.property(renewals, polls, clocks, (sent, seen, { skews, jumpAt, jumpMs }) => {
    const rows = written(sent)
    const clock = { time: 0, boot: () => clock.time }
    const patient = make(clock)
    let sighting: Sighting | undefined
    for (const { pause, delay, partly, isNew, member } of seen) {
      const readAt = clock.time + pause
      clock.time = readAt + delay
      const clockOf = (member: number) => (time: number) => skews[member]! + (time >= jumpAt ? jumpMs : 0)
      const ahead = clockOf(member)
      const judge = isNew ? make(clock) : patient
      const claims = partly ? [] : claimAt(readAt, rows, ahead, clockOf(0), sighting)
      const dead = judge.dead(KEY, state(claims, partly ? BEFORE : ALL))
      if (claims[0] && judge.suspects(claims[0])) {
        sighting = { renewals: claims[0].renewals, at: readAt + ahead(readAt) }
      }
      const done = rows.filter(({ at }) => at <= clock.time)
      // a claim that is judged dead by an old number is not reaped: its row has another number by now
      if (dead.length === 0 || done.length > claims[0]!.renewals) continue
      return ensure(clock.time >= done.at(-1)!.sentAt + LEASE_MS, 'judged dead while its owner may act')
    }
  })

/** Polls every 50 ms. Every n-th poll reads the claim; the others, like those of waiters ahead of it, do not reach it. */
const completeness = (make: MakeJudge) =>
  fc.property(renewals, fc.integer({ min: 1, max: 4 }), (sent, nth) => {
    const rows = written(sent.map(({ delay }) => ({ pause: LEASE_MS / 3, delay })))
    const clock = { time: 0, boot: () => clock.time }
    const judge = make(clock)
    const endsAt = rows.at(-1)!.at + LEASE_MS + MARGIN_MS
    for (let round = 0; clock.time <= endsAt + 2 * nth * 50; round++) {
      clock.time += 50
      const seen = round % nth === 0
      // the server's clock is behind: by it the claim is never overdue
      const claims = seen ? claimAt(clock.time, rows, () => -1e6) : []
      if (judge.dead(KEY, state(claims, seen ? ALL : BEFORE)).length > 0) {
        return ensure(clock.time >= endsAt, 'judged dead too soon')
      }
    }
    ensure(false, 'never judged dead')
  })

/** A judge that reads changed claims. */
const reading =
  (change: (claim: Claim) => Claim): MakeJudge =>
  clock => {
    const inner = makeJudge(clock)
    return { ...inner, dead: (key, read) => inner.dead(key, { ...read, claims: read.claims.map(change) }) }
  }

/** The rule of sera 2.0 for processes that do not wait. */
const trustsServerClock: MakeJudge = () => ({
  dead: (_, { claims }) => claims.filter(({ overdueMs }) => overdueMs > SKEW_MS),
  suspects: () => false,
})
const ignoresRenewals: MakeJudge = clock => {
  const inner = makeJudge(clock)
  return {
    ...inner,
    dead: (key, { claims, ...rest }) => {
      const dead = inner.dead(key, { ...rest, claims: claims.map(one => ({ ...one, renewals: 0 })) })
      return claims.filter(({ id }) => dead.some(one => one.id === id))
    },
  }
}

test('no live claim expires while clocks differ or after one jumps forward', t => {
  proves(t, safety, makeJudge, {
    'trusts the server’s clock': trustsServerClock,
    'ignores that members’ clocks differ': skewed(0),
    'ignores renewals': ignoresRenewals,
    'a sighting outlives renewals': reading(claim => ({ ...claim, seenForMs: claim.overdueMs })),
    'waits for half a lease': reading(claim => ({ ...claim, leaseMs: LEASE_MS / 2 - MARGIN_MS })),
  })
})

test('a claim without renewals is dead a lease and a margin later', t => {
  proves(t, completeness, makeJudge, {
    'without a margin': reading(claim => ({ ...claim, leaseMs: claim.leaseMs - MARGIN_MS })),
    'waits too long': reading(claim => ({ ...claim, leaseMs: 1e9 })),
    'forgets claims that a poll did not reach': clock => {
      const inner = makeJudge(clock)
      return { ...inner, dead: (key, read) => inner.dead(key, { ...read, upTo: ALL }) }
    },
  })
})

const NEVER_SEEN = { boot: () => 0 }
const claimOverdue = (overdueMs: number, seenForMs?: number): Claim => {
  const [claim] = claimAt(5, [{ sentAt: 0, at: 5 }], () => 0) as [Claim]
  return { ...claim, overdueMs, seenForMs }
}

test('a new process reaps a claim only with a sighting of lease, margin and skew', t => {
  const deadFor = (seenForMs?: number) =>
    makeJudge(NEVER_SEEN).dead(KEY, state([claimOverdue(3_600_000, seenForMs)])).length
  const ENOUGH_MS = LEASE_MS + MARGIN_MS + SKEW_MS
  t.deepEqual([undefined, 0, ENOUGH_MS - 1, ENOUGH_MS].map(deadFor), [0, 0, 0, 1])
})

test('a sighting is recorded only for overdue claims without a valid one', t => {
  const needs = (...given: Parameters<typeof claimOverdue>) => needsSighting(claimOverdue(...given), SKEW_MS)
  t.deepEqual([needs(-1), needs(1), needs(1, 0), needs(1, 5000)], [false, true, false, false])
  t.true(needs(1, -1), 'the server’s clock was set back after the sighting')
  t.false(needs(-LEASE_MS - SKEW_MS))
  t.true(needs(-LEASE_MS - SKEW_MS - 1), 'the server’s clock was set back after the renewal')
  t.false(needsSighting({ ...claimOverdue(1), processId: NO_PROCESS }, SKEW_MS))
  t.false(needsSighting({ ...claimOverdue(1), leaseMs: NEVER_MS }, SKEW_MS))
})

test('a claim that is made again under its id starts a new lease', t => {
  const clock = { time: 0, boot: () => clock.time }
  const detector = makeJudge(clock)
  const [claim] = claimAt(5, [{ sentAt: 0, at: 5 }], () => 0) as [Claim]
  detector.dead(KEY, state([claim], TICKET))
  clock.time = LEASE_MS + MARGIN_MS
  const again = { ...claim, ticket: claim.ticket + 1 }
  detector.dead(KEY, state([], TICKET)) // this poll does not reach the new claim
  t.deepEqual(detector.dead(KEY, state([again])), [])
})

test('forget drops the sightings of a resource', t => {
  const clock = { time: 0, boot: () => clock.time }
  const detector = new FailureDetector(clock, SKEW_MS)
  const claims = claimAt(5, [{ sentAt: 0, at: 5 }], () => -1e6)
  detector.dead(KEY, state(claims))
  detector.forget(KEY)
  clock.time = LEASE_MS + MARGIN_MS
  t.deepEqual(detector.dead(KEY, state(claims)), [])
})
