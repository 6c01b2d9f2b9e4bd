import test from 'ava'
import fc from 'fast-check'
import type { Rule } from '../../src/claims/model.js'
import { admit, COUNTER } from '../../src/primitives/counter.js'
import { granted } from '../../src/primitives/primitive.js'
import { ahead, drain, ensure, happen, histories, proves, settle, Table, units, views } from './model.js'

const delta = fc.integer({ min: -5, max: 5 })

/** What has been let on is what the counter is at; what a crash took stays taken. */
const sum = (rule: Rule) =>
  fc.property(histories(delta), views(COUNTER), (events, view) => {
    const table = new Table(view)
    let value = 0
    for (const event of events) {
      const step = happen(table, event, asked => table.arrive(rule, { units: asked }))
      value += units(step?.grants ?? [])
      ensure(table.resource.value === value, `${table.resource.value}, and not ${value}`)
      ensure(value >= 0, 'below zero')
      for (const { result } of step?.grants ?? []) ensure(result === String(value), 'not told the new value')
    }
  })

const order = (rule: Rule) =>
  fc.property(histories(delta), views(COUNTER), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      const step = happen(table, event, asked => table.arrive(rule, { units: asked }))
      for (const taker of step?.grants.filter(one => one.units < 0) ?? []) {
        const overtaken = ahead(step?.before ?? [], taker).some(({ state }) => state === 'waiting')
        ensure(!overtaken, 'took what another waited for')
      }
    }
    const queue = table.waiting.map(({ id }) => id)
    table.arrive(rule, { units: 1000 })
    ensure(drain(table).join() === queue.join(), 'served in another order than they came, or not at all')
  })

const progress = (rule: Rule) =>
  fc.property(histories(delta), views(COUNTER), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      const step = happen(table, event, asked => table.arrive(rule, { units: asked }))
      if (event.what === 'arrive') ensure(event.ask < 0 || step?.admitted === true, 'who adds is kept waiting')
    }
    settle(table)
    const [first] = table.waiting
    ensure(!first || table.resource.value + first.units < 0, 'the first waits although there is enough')
  })

const inAnyOrder: Rule = ({ resource, claims }, me) =>
  admit({ resource, claims: claims.filter(({ id }) => id === me.id), now: 0, upTo: 0 }, me)

test('a counter is the exact sum of what was let on, and never below zero', t => {
  proves(t, sum, admit, {
    'does not look at the value': ({ resource }, me) => ({
      ...granted(me, { result: String(resource.value + me.units) }),
      resource: { value: resource.value + me.units },
    }),
    'goes to minus one': ({ resource, ...rest }, me) => {
      const change = admit({ ...rest, resource: { ...resource, value: resource.value + 1 } }, me)
      return 'resource' in change ? { ...change, resource: { value: resource.value + me.units } } : change
    },
    'tells the old value': (state, me) => {
      const change = admit(state, me)
      return 'claims' in change ? { ...change, ...granted(me, { result: String(state.resource.value) }) } : change
    },
    'gives back what holders took': (state, me) => {
      const value = state.resource.value - Math.min(0, units(state.claims.filter(one => one.state === 'granted')))
      return admit({ ...state, resource: { ...state.resource, value } }, me)
    },
  })
})

test('takers are served in order of arrival', t => {
  proves(t, order, admit, {
    'whoever it suffices for': inAnyOrder,
  })
})

test('who adds is never kept waiting, nor is the first taker when there is enough', t => {
  proves(t, progress, admit, {
    'adders queue too': ({ claims, ...rest }, me) =>
      ahead(claims, me).some(({ state }) => state === 'waiting') ? {} : admit({ claims, ...rest }, me),
    'those ahead who were served count': (state, me) =>
      me.units < 0 && ahead(state.claims, me).some(one => one.units < 0) ? {} : admit(state, me),
    'keeps one in reserve': (state, me) =>
      me.units < 0 && state.resource.value + me.units === 0 ? {} : admit(state, me),
  })
})

test('a counter that can’t count any further says so and stays as it is', t => {
  const table = new Table()
  table.arrive(admit, { units: Number.MAX_SAFE_INTEGER })
  t.truthy(table.arrive(admit, { units: 1 }).conflict)
  t.is(table.resource.value, Number.MAX_SAFE_INTEGER)
  t.true(table.arrive(admit, { units: -1 }).admitted)
})
