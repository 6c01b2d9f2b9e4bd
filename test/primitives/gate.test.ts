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
  | { what: 'wait' | 'open' | 'step'; pick: number }
  | { what: 'close'; forMs: number }
  | { what: 'time passes'; ms: number }

const acts = fc.array<GateAct>(
  fc.oneof(
    fc.record({ what: fc.constantFrom('wait' as const, 'open' as const, 'step' as const), pick: fc.nat(9) }),
    fc.record({ what: fc.constant('close' as const), forMs: fc.constantFrom(1, 5, Number.POSITIVE_INFINITY) }),
    fc.record({ what: fc.constant('time passes' as const), ms: fc.integer({ min: 1, max: 4 }) }),
  ),
  { maxLength: 30, size: 'max' },
)

const gates = (rules: GateRules) =>
  fc.property(acts, history => {
    const table = new Table()
    /** The model: when the gate opens, the waiters that it blocks, and the waiters that may pass. */
    let closedUntil = 0
    const blocked = new Set<string>()
    const free = new Set<string>()
    const release = () => {
      for (const id of blocked) free.add(id)
      blocked.clear()
    }
    for (const act of history) {
      if (act.what === 'time passes') table.now += act.ms * 1000
      if (closedUntil <= table.now) release()
      const closed = closedUntil > table.now
      if (act.what === 'close') {
        const step = table.arrive(rules.closing(act.forMs))
        ensure((step.conflict !== undefined) === closed, 'a close must fail exactly if the gate is closed')
        if (!closed) closedUntil = table.now + act.forMs * 1000
        table.remove(step.me) // the gate stays closed without its closer
      }
      if (act.what === 'open') {
        const step = table.arrive(rules.opening)
        ensure((step.conflict !== undefined) !== closed, 'an open must fail exactly if the gate is open')
        if (closed) release()
        if (closed) closedUntil = 0
        if (closed) ensure(table.waiting.length === 0, 'the opening step must grant all waiters')
        table.remove(step.me)
      }
      if (act.what === 'wait') {
        const { me, admitted } = table.arrive(rules.passing)
        ensure(admitted !== closed, 'a wait must block exactly if the gate is closed')
        if (!admitted) blocked.add(me.id)
      }
      if (act.what === 'step') {
        const one = table.waiting[act.pick % table.waiting.length]
        if (one)
          ensure(table.step(one).admitted === free.has(one.id), 'a waiter must pass exactly if the gate has opened')
      }
      for (const { id } of table.granted) ensure(free.has(id), 'passed a closed gate')
      ensure(
        isClosed({ resource: table.resource, claims: [], upTo: 0, now: table.now }) === closedUntil > table.now,
        'isClosed disagrees with the model',
      )
    }
    settle(table)
    ensure(!table.waiting.some(({ id }) => free.has(id)), 'waits although the gate has opened')
  })

test('waiters pass a gate exactly if it has opened, even if it is closed again', t => {
  proves(t, gates, RULES, {
    'opening grants no waiter': {
      ...RULES,
      opening: (state, me) => ({ ...opening(state, me), claims: granted(me).claims ?? [] }),
    },
    'closing grants no waiter of a gate that opened by itself': {
      ...RULES,
      closing: forMs => (state, me) => ({ ...closing(forMs)(state, me), claims: granted(me).claims ?? [] }),
    },
    'never opens by itself': { ...RULES, closing: () => closing(Number.POSITIVE_INFINITY) },
    'never blocks': { ...RULES, passing: (_, me) => ({ remove: [me.id] }) },
    'closes a closed gate': {
      ...RULES,
      closing: forMs => (state, me) => closing(forMs)({ ...state, now: FOREVER }, me),
    },
    'opens an open gate': { ...RULES, opening: (_, me) => ({ ...granted(me), resource: { value: 0 } }) },
    'stays closed only while the closer exists': {
      ...RULES,
      passing: (state, me) =>
        state.claims.some(one => one.state === 'granted') ? passing(state, me) : { remove: [me.id] },
    },
  })
})

test('a gate that is closed for an unrepresentable time is closed for ever', t => {
  const table = new Table()
  table.arrive(closing(1e300))
  t.is(table.resource.value, FOREVER)
})
