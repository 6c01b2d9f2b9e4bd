import test from 'ava'
import fc from 'fast-check'
import { type Claim, moves, type Rule } from '../../../src/claims/model.js'
import { granted } from '../../../src/primitives/primitive.js'
import {
  accept,
  type Candidate,
  candidateOf,
  claimSpecOf,
  withActor,
} from '../../../src/primitives/rendezvous/candidate.js'
import { type Candidates, oldestSet } from '../../../src/primitives/rendezvous/matching.js'
import { admit, admitOnChange } from '../../../src/primitives/rendezvous/rendezvous.js'
import { parseLabels } from '../../../src/selector/labels.js'
import { applyEvent, ensure, histories, proves, Table } from '../model.js'
import { oldestByTrying, candidates as participants } from './candidates.js'

/** Most waiters: the test tries every set of them. */
const MOST_WAITERS = 9

/** Each participant has its own rule, which may have state. */
type RendezvousRules = () => Rule

const meetings = (rules: RendezvousRules) =>
  fc.property(histories(participants, 1), events => {
    const table = new Table()
    for (const event of events) {
      const present = () => table.waiting.filter(({ id }) => !table.silent.has(id))
      if (event.what === 'arrive' && table.waiting.length >= MOST_WAITERS) continue
      const step = applyEvent(table, event, ask => table.arrive(rules(), ask))
      if (!step) continue
      const { me, grants, before } = step
      const all = before.filter(({ id, state }) => id === me.id || (state === 'waiting' && !table.silent.has(id)))
      const expected = oldestByTrying(all, all.find(({ id }) => id === me.id) as Claim)
      const ids = (claims: readonly Claim[] = []) => claims.map(({ id }) => id).join()
      ensure(ids(grants) === ids(expected), `${ids(grants)} have met instead of ${ids(expected)}`)
      ensure(oldestByTrying(present()) === undefined, 'a complete set was not found')
      ensure(new Set(grants.map(({ result }) => result)).size <= 1, 'the members have different results')
      const members = JSON.parse(grants[0]?.result ?? '[]') as { labels: Record<string, string> }[]
      ensure(members.length === grants.length, 'the result does not list all members')
      grants.forEach(({ labels = '' }, at) => {
        const expected = JSON.stringify(Object.fromEntries(parseLabels(labels)))
        ensure(JSON.stringify(members[at]?.labels) === expected, 'not in order of arrival')
      })
    }
  })

const alteredOthers =
  (alter: (other: Claim, me: Claim) => Claim[]): Rule =>
  (state, me) =>
    admit({ ...state, claims: state.claims.flatMap(one => (one.id === me.id ? [me] : alter(one, me))) }, me)

/** Each member and `me` accept each other, but the other pairs are not checked. */
const star: Rule = ({ claims }, me) => {
  const mine = candidateOf(me) as Candidate
  const others = claims.filter(({ id, state, overdueMs }) => id !== me.id && state === 'waiting' && overdueMs <= 0)
  const suited = others.filter(one => accept(mine, candidateOf(one) as Candidate)).slice(0, me.units)
  const party = claims.filter(one => one.id === me.id || suited.includes(one))
  if (party.length !== Math.max(...party.map(({ units }) => units)) + 1) return {}
  const result = JSON.stringify(party.map(one => ({ labels: Object.fromEntries(parseLabels(one.labels ?? '')) })))
  return { claims: party.flatMap(one => granted(one, { result }).claims ?? []) }
}

const broken: Record<string, Rule> = {
  'the selectors of others are ignored': alteredOthers(one => [{ ...one, selector: '' }]),
  'the labels of others are ignored': alteredOthers((one, me) => [{ ...one, labels: me.labels }]),
  'pairs without me are not checked': star,
  'the mates of others are ignored': alteredOthers((one, me) => [{ ...one, units: Math.min(one.units, me.units) }]),
  'the newest first': (state, me) => admit({ ...state, claims: state.claims.toReversed() }, me),
  'the oldest is forgotten': (state, me) => admit({ ...state, claims: [...state.claims.slice(1), me] }, me),
  'a participant that may be dead is matched': alteredOthers(one => [{ ...one, overdueMs: -1 }]),
  'a participant that was matched is matched again': alteredOthers(one => [{ ...one, state: 'waiting' }]),
  'only my own claim is granted': (state, me) => {
    const change = admit(state, me)
    return 'claims' in change ? { claims: (change.claims ?? []).filter(({ id }) => id === me.id) } : change
  },
  'each result is different': (state, me) => {
    const change = admit(state, me)
    if (!('claims' in change)) return change
    return { claims: (change.claims ?? []).map((one, at) => ({ ...one, result: `[${at}]` })) }
  },
  'mates 0 grants others too': (state, me) =>
    me.units === 0
      ? admit({ ...state, claims: state.claims.map(one => ({ ...one, units: 1 })) }, me)
      : admit(state, me),
  'mates 0 does not pass alone': (state, me) => (me.units === 0 && state.claims.length === 1 ? {} : admit(state, me)),
}

/** Searches at the first step only. */
const onlyOnce: RendezvousRules = () => {
  let hasSearched = false
  return (state, me) => {
    const verdict = hasSearched ? {} : admit(state, me)
    hasSearched = true
    return verdict
  }
}

test('the oldest complete set meets, and no complete set stays waiting', t => {
  const mutants = Object.entries(broken).map(([name, rule]): [string, RendezvousRules] => [name, () => rule])
  proves(t, meetings, () => admit, Object.fromEntries(mutants))
})

test('a rule that skips searches among the same waiters finds the same sets', t => {
  proves(t, meetings, admitOnChange, { 'only at the first step': onlyOnce })
})

test('a waiter searches again when a participant arrives or renews after a silence', t => {
  const table = new Table()
  const [a, b, c] = [1, 2, 3].map(() => table.arrive(() => ({}), { labels: '', selector: '', units: 2 }).me) as Claim[]
  const rule = admitOnChange()
  const look = (...others: (Claim | undefined)[]) => {
    const claims = [a as Claim, ...others.map(one => one as Claim)]
    return moves(rule({ resource: table.resource, claims, upTo: Number.POSITIVE_INFINITY, now: 0 }, a as Claim))
  }
  const silent = { ...b, overdueMs: 1 } as Claim
  const unlike = { ...b, labels: 'other=', selector: 'other' } as Claim
  t.false(look(silent, c))
  t.true(look(b, c), 'b has renewed')
  t.false(look(unlike, c))
  t.false(look(b, c), 'labels do not change: b is not checked again')
  t.true(look(b, c, { ...c, id: 'newcomer', ticket: 9 } as Claim))
})

test('a set of 64 meets, and a larger one is refused', t => {
  const table = new Table()
  const steps = Array.from({ length: 64 }, () => table.arrive(admit, { units: 63, labels: '', selector: '' }))
  t.deepEqual(
    steps.map(({ grants }) => grants.length),
    [...Array(63).fill(0), 64],
  )
  t.throws(() => claimSpecOf({ actor: 'a', mates: 64, labels: new Map() }), {
    message: /^mates: .* from 0 to 63, got 64$/,
  })
})

test('a participant with mates 0 passes alone and leaves the others waiting', t => {
  const table = new Table()
  const unlabelled = { labels: '', selector: '' }
  const { me: waits } = table.arrive(admit, { ...unlabelled, units: 1 })
  const { me: alone, grants } = table.arrive(admit, { ...unlabelled, units: 0 })
  t.deepEqual(
    grants.map(({ id }) => id),
    [alone.id],
  )
  const met = table.arrive(admit, { ...unlabelled, units: 1 })
  t.deepEqual(
    met.grants.map(({ id }) => id),
    [waits.id, met.me.id],
  )
})

test('a claim that cannot be parsed is never matched and affects no other', t => {
  const table = new Table()
  const odd = [
    { labels: 'a', selector: '', units: 1 },
    { labels: '', selector: 'a in', units: 1 },
    { labels: '', selector: '', units: 64 },
    { labels: '', selector: '', units: -1 },
  ]
  for (const ask of odd) t.deepEqual(table.arrive(admit, ask).grants, [])
  t.deepEqual(table.arrive(admit, { units: 1 }).grants, [], 'no labels and no selector')
  t.is(table.arrive(admit, { labels: '', selector: '', units: 1 }).grants.length, 2)
})

test('the search stops after its limit of accept calls', t => {
  // a set has at most four members, and five are wanted: the search would try every set of four
  const all = Array.from({ length: 200 }, (_, at) => at)
  let calls = 0
  const candidates: Candidates<number> = {
    all,
    sizeFor: () => 5,
    accept: (one, other) => {
      calls++
      return one % 4 !== other % 4
    },
  }
  t.is(oldestSet(candidates, 199, 10_000), undefined)
  t.true(calls > 1000 && calls < 10_000 + all.length, `${calls} calls`)
  t.deepEqual(oldestSet({ ...candidates, sizeFor: () => 4 }, 199, 10_000), [0, 1, 2, 199])
})

test('invalid requests are refused', t => {
  const spec = (more: object) => claimSpecOf({ actor: 'web-1', labels: withActor('web-1', new Map()), ...more })
  t.deepEqual(spec({}), { tag: 'web-1', units: 1, labels: 'actor=web-1', selector: 'actor!=web-1' })
  t.is(spec({ selector: ' role == db , !x ' }).selector, 'role=db,!x')
  t.is(spec({ selector: '' }).selector, '', 'an empty selector is kept')
  t.throws(() => spec({ selector: `x in (${Array.from({ length: 2000 }, (_, at) => at)})` }), {
    message: /^selector: \d+ characters/,
  })
  t.throws(() => spec({ labels: new Map(Array.from({ length: 800 }, (_, at) => [`k${at}`, 'v'])) }), {
    message: /^labels: \d+ characters, at most 4096 are allowed$/,
  })
  for (const mates of [-1, 64, 1.5, '1']) t.throws(() => spec({ mates }), { message: /^mates: / })
  for (const actor of ['', 'a\nb', 'x'.repeat(256)]) t.throws(() => spec({ actor }), { message: /^the actor's name/ })
})

test('an actor whose name is no valid label value needs an actor label', t => {
  t.throws(() => withActor('Büro 1', new Map()), { message: /^actor "Büro 1" is a label's value, column 2: .*"ü"/ })
  const labels = withActor('Büro 1', parseLabels('actor=buero-1'))
  t.like(claimSpecOf({ actor: 'Büro 1', labels }), {
    tag: 'Büro 1',
    labels: 'actor=buero-1',
    selector: 'actor!=buero-1',
  })
  t.throws(
    () => claimSpecOf({ actor: 'Büro 1', labels: new Map() }),
    { message: /column 2/ },
    'the default selector needs it',
  )
  t.is(claimSpecOf({ actor: 'Büro 1', labels: new Map(), selector: 'x' }).tag, 'Büro 1')
})
