import test from 'ava'
import fc from 'fast-check'
import type { Rule } from '../../src/claims/model.js'
import { admit, COUNTER } from '../../src/primitives/counter.js'
import { granted } from '../../src/primitives/primitive.js'
import { ahead, applyEvent, drain, ensure, histories, proves, settle, Table, units, views } from './model.js'

const delta = fc.integer({ min: -5, max: 5 })

/** The value is the sum of all granted amounts, even those of participants that died. */
const sum = (rule: Rule) =>
  fc.property(histories(delta), views(COUNTER), (events, view) => {
    const table = new Table(view)
    let value = 0
    for (const event of events) {
      const step = applyEvent(table, event, asked => table.arrive(rule, { units: asked }))
      value += units(step?.grants ?? [])
      ensure(table.resource.value === value, `${table.resource.value} instead of ${value}`)
      ensure(value >= 0, 'below zero')
      for (const { result } of step?.grants ?? []) ensure(result === String(value), 'the result is not the new value')
    }
  })

const order = (rule: Rule) =>
  fc.property(histories(delta), views(COUNTER), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      const step = applyEvent(table, event, asked => table.arrive(rule, { units: asked }))
      for (const taker of step?.grants.filter(one => one.units < 0) ?? []) {
        const overtaken = ahead(step?.before ?? [], taker).some(({ state }) => state === 'waiting')
        ensure(!overtaken, 'overtook a waiter')
      }
    }
    const queue = table.waiting.map(({ id }) => id)
    table.arrive(rule, { units: 1000 })
    ensure(drain(table).join() === queue.join(), 'not served in order of arrival, or not served')
  })

const progress = (rule: Rule) =>
  fc.property(histories(delta), views(COUNTER), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      const step = applyEvent(table, event, asked => table.arrive(rule, { units: asked }))
      if (event.what === 'arrive') ensure(event.ask < 0 || step?.admitted === true, 'an addition waits')
    }
    settle(table)
    const [first] = table.waiting
    ensure(!first || table.resource.value + first.units < 0, 'the first waiter waits although the value suffices')
  })

const inAnyOrder: Rule = ({ resource, claims }, me) =>
  admit({ resource, claims: claims.filter(({ id }) => id === me.id), now: 0, upTo: 0 }, me)

test('a counter is the exact sum of the granted amounts and never below zero', t => {
  proves(t, sum, admit, {
    'ignores the value': ({ resource }, me) => ({
      ...granted(me, { result: String(resource.value + me.units) }),
      resource: { value: resource.value + me.units },
    }),
    'goes to minus one': ({ resource, ...rest }, me) => {
      const change = admit({ ...rest, resource: { ...resource, value: resource.value + 1 } }, me)
      return 'resource' in change ? { ...change, resource: { value: resource.value + me.units } } : change
    },
    'returns the old value': (state, me) => {
      const change = admit(state, me)
      return 'claims' in change ? { ...change, ...granted(me, { result: String(state.resource.value) }) } : change
    },
    'returns the units of dead participants': (state, me) => {
      const value = state.resource.value - Math.min(0, units(state.claims.filter(one => one.state === 'granted')))
      return admit({ ...state, resource: { ...state.resource, value } }, me)
    },
  })
})

test('takers are served in order of arrival', t => {
  proves(t, order, admit, {
    'grants in any order': inAnyOrder,
  })
})

test('an addition never waits, nor does the first taker if the value suffices', t => {
  proves(t, progress, admit, {
    'additions queue too': ({ claims, ...rest }, me) =>
      ahead(claims, me).some(({ state }) => state === 'waiting') ? {} : admit({ claims, ...rest }, me),
    'counts served claims ahead': (state, me) =>
      me.units < 0 && ahead(state.claims, me).some(one => one.units < 0) ? {} : admit(state, me),
    'keeps one in reserve': (state, me) =>
      me.units < 0 && state.resource.value + me.units === 0 ? {} : admit(state, me),
  })
})

test('a sum that would not be exact is a conflict and changes nothing', t => {
  const table = new Table()
  table.arrive(admit, { units: Number.MAX_SAFE_INTEGER })
  t.truthy(table.arrive(admit, { units: 1 }).conflict)
  t.is(table.resource.value, Number.MAX_SAFE_INTEGER)
  t.true(table.arrive(admit, { units: -1 }).admitted)
})
