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
import { admit, patiently } from '../../../src/primitives/rendezvous/rendezvous.js'
import { parseLabels } from '../../../src/selector/labels.js'
import { ensure, happen, histories, proves, Table } from '../model.js'
import { candidates, oldestByTrying } from './candidates.js'

/** So many wait at most: all sets of them are tried. */
const CROWDED = 9

/** Each participant has a rule of its own, which may remember. */
type RendezvousRules = () => Rule

const meetings = (rules: RendezvousRules) =>
  fc.property(histories(candidates, 1), events => {
    const table = new Table()
    for (const event of events) {
      const present = () => table.waiting.filter(({ id }) => !table.silent.has(id))
      if (event.what === 'arrive' && table.waiting.length >= CROWDED) continue
      const step = happen(table, event, ask => table.arrive(rules(), ask))
      if (!step) continue
      const { me, grants, before } = step
      const all = before.filter(({ id, state }) => id === me.id || (state === 'waiting' && !table.silent.has(id)))
      const expected = oldestByTrying(all, all.find(({ id }) => id === me.id) as Claim)
      const ids = (claims: readonly Claim[] = []) => claims.map(({ id }) => id).join()
      ensure(ids(grants) === ids(expected), `${ids(grants)} have met, and not ${ids(expected)}`)
      ensure(oldestByTrying(present()) === undefined, 'somebody was forgotten')
      ensure(new Set(grants.map(({ result }) => result)).size <= 1, 'they were told different things')
      const told = JSON.parse(grants[0]?.result ?? '[]') as { labels: Record<string, string> }[]
      ensure(told.length === grants.length, 'not all are told of')
      grants.forEach(({ labels = '' }, at) => {
        const expected = JSON.stringify(Object.fromEntries(parseLabels(labels)))
        ensure(JSON.stringify(told[at]?.labels) === expected, 'in another order than they came')
      })
    }
  })

const alteredOthers =
  (alter: (other: Claim, me: Claim) => Claim[]): Rule =>
  (state, me) =>
    admit({ ...state, claims: state.claims.flatMap(one => (one.id === me.id ? [me] : alter(one, me))) }, me)

/** Each suits me, but nobody asks whether they suit each other. */
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
  'others accept everybody': alteredOthers(one => [{ ...one, selector: '' }]),
  'others are what I want': alteredOthers((one, me) => [{ ...one, labels: me.labels }]),
  'nobody asks whether the others suit each other': star,
  'only my own mates count': alteredOthers((one, me) => [{ ...one, units: Math.min(one.units, me.units) }]),
  'the newest first': (state, me) => admit({ ...state, claims: state.claims.toReversed() }, me),
  'the oldest is forgotten': (state, me) => admit({ ...state, claims: [...state.claims.slice(1), me] }, me),
  'who may be dead is met': alteredOthers(one => [{ ...one, overdueMs: -1 }]),
  'who has met others meets again': alteredOthers(one => [{ ...one, state: 'waiting' }]),
  'only I go': (state, me) => {
    const change = admit(state, me)
    return 'claims' in change ? { claims: (change.claims ?? []).filter(({ id }) => id === me.id) } : change
  },
  'each is told of itself': (state, me) => {
    const change = admit(state, me)
    if (!('claims' in change)) return change
    return { claims: (change.claims ?? []).map((one, at) => ({ ...one, result: `[${at}]` })) }
  },
  'mates 0 takes others along': (state, me) =>
    me.units === 0
      ? admit({ ...state, claims: state.claims.map(one => ({ ...one, units: 1 })) }, me)
      : admit(state, me),
  'never alone': (state, me) => (me.units === 0 && state.claims.length === 1 ? {} : admit(state, me)),
}

/** Nobody looks twice. */
const onlyOnce: RendezvousRules = () => {
  let hasSearched = false
  return (state, me) => {
    const verdict = hasSearched ? {} : admit(state, me)
    hasSearched = true
    return verdict
  }
}

test('those who meet are the oldest set that is complete, and nobody waits who could have met', t => {
  const mutants = Object.entries(broken).map(([name, rule]): [string, RendezvousRules] => [name, () => rule])
  proves(t, meetings, () => admit, Object.fromEntries(mutants))
})

test('nor when nobody searches twice among the same', t => {
  proves(t, meetings, patiently, { 'only at first': onlyOnce })
})

test('who looks again searches when somebody has come, or has come back', t => {
  const table = new Table()
  const [a, b, c] = [1, 2, 3].map(() => table.arrive(() => ({}), { labels: '', selector: '', units: 2 }).me) as Claim[]
  const rule = patiently()
  const look = (...others: (Claim | undefined)[]) => {
    const claims = [a as Claim, ...others.map(one => one as Claim)]
    return moves(rule({ resource: table.resource, claims, upTo: Number.POSITIVE_INFINITY, now: 0 }, a as Claim))
  }
  const silent = { ...b, overdueMs: 1 } as Claim
  const unlike = { ...b, labels: 'other=', selector: 'other' } as Claim
  t.false(look(silent, c))
  t.true(look(b, c), 'it has come back')
  t.false(look(unlike, c))
  t.false(look(b, c), 'labels don’t change: it is not asked again')
  t.true(look(b, c, { ...c, id: 'newcomer', ticket: 9 } as Claim))
})

test('a set of sixty-four meets, and no larger one is asked for', t => {
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
  const anybody = { labels: '', selector: '' }
  const { me: waits } = table.arrive(admit, { ...anybody, units: 1 })
  const { me: alone, grants } = table.arrive(admit, { ...anybody, units: 0 })
  t.deepEqual(
    grants.map(({ id }) => id),
    [alone.id],
  )
  const met = table.arrive(admit, { ...anybody, units: 1 })
  t.deepEqual(
    met.grants.map(({ id }) => id),
    [waits.id, met.me.id],
  )
})

test('a claim that can’t be understood meets nobody, and disturbs nobody', t => {
  const table = new Table()
  const odd = [
    { labels: 'a', selector: '', units: 1 },
    { labels: '', selector: 'a in', units: 1 },
    { labels: '', selector: '', units: 64 },
    { labels: '', selector: '', units: -1 },
  ]
  for (const ask of odd) t.deepEqual(table.arrive(admit, ask).grants, [])
  t.deepEqual(table.arrive(admit, { units: 1 }).grants, [], 'nothing at all: whoever comes will do')
  t.is(table.arrive(admit, { labels: '', selector: '', units: 1 }).grants.length, 2)
})

test('the search gives up where it would take too long, and asks no more than it may', t => {
  // four colours, and five are wanted: every set of four has to be looked at
  const all = Array.from({ length: 200 }, (_, at) => at)
  let asked = 0
  const crowd: Candidates<number> = {
    all,
    sizeFor: () => 5,
    accept: (one, other) => {
      asked++
      return one % 4 !== other % 4
    },
  }
  t.is(oldestSet(crowd, 199, 10_000), undefined)
  t.true(asked > 1000 && asked < 10_000 + all.length, `${asked} questions`)
  t.deepEqual(oldestSet({ ...crowd, sizeFor: () => 4 }, 199, 10_000), [0, 1, 2, 199])
})

test('what is asked for is checked', t => {
  const spec = (more: object) => claimSpecOf({ actor: 'web-1', labels: withActor('web-1', new Map()), ...more })
  t.deepEqual(spec({}), { tag: 'web-1', units: 1, labels: 'actor=web-1', selector: 'actor!=web-1' })
  t.is(spec({ selector: ' role == db , !x ' }).selector, 'role=db,!x')
  t.is(spec({ selector: '' }).selector, '', 'everybody will do')
  t.throws(() => spec({ selector: `x in (${Array.from({ length: 2000 }, (_, at) => at)})` }), {
    message: /^selector: \d+ characters/,
  })
  t.throws(() => spec({ labels: new Map(Array.from({ length: 800 }, (_, at) => [`k${at}`, 'v'])) }), {
    message: /^labels: \d+ characters, and 4096 are allowed$/,
  })
  for (const mates of [-1, 64, 1.5, '1']) t.throws(() => spec({ mates }), { message: /^mates: / })
  for (const actor of ['', 'a\nb', 'x'.repeat(256)]) t.throws(() => spec({ actor }), { message: /^the actor's name/ })
})

test('an actor whose name is no label’s value needs another label and says so', t => {
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
