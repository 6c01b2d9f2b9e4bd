import test from 'ava'
import fc from 'fast-check'
import type { Rule } from '../../src/claims/model.js'
import { closing, FOREVER, isClosed, opening, passing } from '../../src/primitives/gate.js'
import { granted } from '../../src/primitives/primitive.js'
import { ensure, proves, settle, Table } from './model.js'

interface GateRules {
  closing: (forMs: number) => Rule
  opening: Rule
  passing: Rule
}

const RULES: GateRules = { closing, opening, passing }

type GateAct =
  | { what: 'come' | 'open' | 'look'; who: number }
  | { what: 'close'; forMs: number }
  | { what: 'time passes'; ms: number }

const acts = fc.array<GateAct>(
  fc.oneof(
    fc.record({ what: fc.constantFrom('come' as const, 'open' as const, 'look' as const), who: fc.nat(9) }),
    fc.record({ what: fc.constant('close' as const), forMs: fc.constantFrom(1, 5, Number.POSITIVE_INFINITY) }),
    fc.record({ what: fc.constant('time passes' as const), ms: fc.integer({ min: 1, max: 4 }) }),
  ),
  { maxLength: 30, size: 'max' },
)

const gates = (rules: GateRules) =>
  fc.property(acts, history => {
    const table = new Table()
    /** The model: until when it is closed, and who has come to a closed gate that has not opened since. */
    let closedUntil = 0
    const heldUp = new Set<string>()
    const free = new Set<string>()
    const letGo = () => {
      for (const id of heldUp) free.add(id)
      heldUp.clear()
    }
    for (const act of history) {
      if (act.what === 'time passes') table.now += act.ms * 1000
      if (closedUntil <= table.now) letGo()
      const closed = closedUntil > table.now
      if (act.what === 'close') {
        const step = table.arrive(rules.closing(act.forMs))
        ensure((step.conflict !== undefined) === closed, 'closing a closed gate is refused, and only that')
        if (!closed) closedUntil = table.now + act.forMs * 1000
        table.vanish(step.me) // it outlives its closer
      }
      if (act.what === 'open') {
        const step = table.arrive(rules.opening)
        ensure((step.conflict !== undefined) !== closed, 'opening an open gate is refused, and only that')
        if (closed) letGo()
        if (closed) closedUntil = 0
        if (closed) ensure(table.waiting.length === 0, 'the opening itself lets all go')
        table.vanish(step.me)
      }
      if (act.what === 'come') {
        const { me, admitted } = table.arrive(rules.passing)
        ensure(admitted !== closed, 'a closed gate holds up, an open one does not')
        if (!admitted) heldUp.add(me.id)
      }
      if (act.what === 'look') {
        const one = table.waiting[act.who % table.waiting.length]
        if (one) ensure(table.step(one).admitted === free.has(one.id), 'passes once it has opened, and not before')
      }
      for (const { id } of table.granted) ensure(free.has(id), 'was let pass by a closed gate')
      ensure(
        isClosed({ resource: table.resource, claims: [], upTo: 0, now: table.now }) === closedUntil > table.now,
        'closed?',
      )
    }
    settle(table)
    ensure(!table.waiting.some(({ id }) => free.has(id)), 'waits although it has opened, be it closed again by now')
  })

test('whoever waits when a gate opens passes, even if it is closed again at once; nobody passes a closed gate', t => {
  proves(t, gates, RULES, {
    'opening only opens': {
      ...RULES,
      opening: (state, me) => ({ ...opening(state, me), claims: granted(me).claims ?? [] }),
    },
    'closing forgets those who waited until it opened by itself': {
      ...RULES,
      closing: forMs => (state, me) => ({ ...closing(forMs)(state, me), claims: granted(me).claims ?? [] }),
    },
    'never opens by itself': { ...RULES, closing: () => closing(Number.POSITIVE_INFINITY) },
    'holds up nobody': { ...RULES, passing: (_, me) => ({ remove: [me.id] }) },
    'closes once more': { ...RULES, closing: forMs => (state, me) => closing(forMs)({ ...state, now: FOREVER }, me) },
    'opens once more': { ...RULES, opening: (_, me) => ({ ...granted(me), resource: { value: 0 } }) },
    'closes while the closer lives': {
      ...RULES,
      passing: (state, me) =>
        state.claims.some(one => one.state === 'granted') ? passing(state, me) : { remove: [me.id] },
    },
  })
})

test('a gate that is closed for longer than there are numbers is closed for ever', t => {
  const table = new Table()
  table.arrive(closing(1e300))
  t.is(table.resource.value, FOREVER)
})
