import test from 'ava'
import fc from 'fast-check'
import type { Rule } from '../../src/claims/model.js'
import { granted } from '../../src/primitives/primitive.js'
import { admission, semaphore } from '../../src/primitives/semaphore.js'
import { ahead, applyEvent, drain, ensure, histories, proves, settle, Table, units, views } from './model.js'

type SemaphoreAdmission = typeof admission

const PERMITS = 5
const wanted = fc.integer({ min: 1, max: PERMITS })

const limit = (rule: SemaphoreAdmission) =>
  fc.property(histories(wanted), views(semaphore(PERMITS)), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      const step = applyEvent(table, event, asked => table.arrive(rule(PERMITS), { units: asked }))
      ensure(units(table.granted) <= PERMITS, 'more units are held than permitted')
      for (const one of step?.grants ?? []) {
        const others = (step?.before ?? []).filter(
          ({ id, ticket, state }) => id !== one.id && (ticket < one.ticket || state === 'granted'),
        )
        ensure(units(others) + one.units <= PERMITS, 'overtook a waiter')
      }
    }
  })

const slots = (rule: SemaphoreAdmission, kind = semaphore(PERMITS)) =>
  fc.property(histories(wanted), views(kind), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      const step = applyEvent(table, event, asked => table.arrive(rule(PERMITS), { units: asked }))
      const taken = table.granted.map(({ slot }) => slot)
      ensure(new Set(taken).size === taken.length, 'two holders have the same slot')
      for (const { id, slot } of step?.grants ?? []) {
        const others = table.granted.filter(one => one.id !== id).map(one => one.slot)
        const lowest = Array.from({ length: PERMITS }, (_, at) => at).find(at => !others.includes(at))
        ensure(slot === lowest, `slot ${slot} instead of ${lowest}`)
      }
    }
  })

const progress = (rule: SemaphoreAdmission) =>
  fc.property(histories(wanted), views(semaphore(PERMITS)), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      applyEvent(table, event, asked => table.arrive(rule(PERMITS), { units: asked }))
      for (const one of table.waiting) {
        const fits = units(ahead(table.claims, one)) + one.units <= PERMITS
        ensure(!fits || table.mayPass(one), `${one.id} may pass, but waits`)
      }
    }
    settle(table)
    const [first] = table.waiting
    ensure(!first || units(table.granted) + first.units > PERMITS, 'the first waiter waits although enough is free')
    const waiting = new Set(table.waiting.map(({ id }) => id))
    ensure(drain(table).filter(id => waiting.has(id)).length === waiting.size, 'a waiter was not served')
  })

/** A waiter for all permits is granted although small requests keep arriving. */
const noStarvation = (rule: SemaphoreAdmission) =>
  fc.property(fc.integer({ min: 1, max: 8 }), views(semaphore(PERMITS)), (rounds, view) => {
    const table = new Table(view)
    const small = () => table.arrive(rule(PERMITS), { units: 1 }).me
    const holders = [small(), small()]
    const big = table.arrive(rule(PERMITS), { units: PERMITS }).me
    for (let round = 0; round < rounds + 2; round++) {
      holders.push(small())
      const first = holders.shift()
      if (first && table.find(first.id)?.state === 'granted') table.remove(first)
      for (const one of table.waiting) table.step(one)
    }
    ensure(table.find(big.id)?.state === 'granted', 'the large request starves')
  })

/** The first participant sets the number of permits. A newcomer with another number gets a conflict. */
const agreement = (rule: SemaphoreAdmission) =>
  fc.property(histories(fc.constantFrom(2, 3)), views(semaphore(PERMITS)), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      const before = table.claims
      const step = applyEvent(table, event, permits => table.arrive(rule(permits), { mode: String(permits) }))
      if (event.what === 'arrive') {
        const agreed = before.every(({ mode }) => mode === String(event.ask))
        ensure(
          agreed === (step?.conflict === undefined),
          agreed ? 'refused although it agrees' : 'accepted with another number',
        )
        ensure(!agreed || table.resource.capacity === event.ask, 'the number was not stored')
        ensure(before.length > 0 || table.granted.length === 1, 'waits although it is alone')
      }
      ensure(new Set(table.claims.map(({ mode }) => mode)).size <= 1, 'two numbers are in use')
      ensure(!table.waiting.some(one => 'conflict' in table.verdict(one)), 'a waiter got a conflict')
    }
  })

const fitsAmongHolders: SemaphoreAdmission = permits => (state, me) =>
  admission(permits)({ ...state, claims: state.claims.filter(one => one.state === 'granted') }, me)

test('held units never exceed the permits, and large requests are not overtaken', t => {
  proves(t, limit, admission, {
    'one permit too many': permits => admission(permits + 1),
    'counts claims, not units': permits => (state, me) =>
      admission(permits)({ ...state, claims: state.claims.map(one => ({ ...one, units: 1 })) }, me),
    'overtakes a waiter that does not fit': fitsAmongHolders,
  })
})

test('a holder gets the lowest slot that no other holder has', t => {
  proves(t, slots, admission, {
    'counts the holders': permits => (state, me) => {
      const change = admission(permits)(state, me)
      const slot = state.claims.filter(one => one.state === 'granted').length
      return 'claims' in change ? { ...change, ...granted(me, { slot }) } : change
    },
    'reads only the claims ahead': permits => (state, me) =>
      admission(permits)({ ...state, claims: ahead(state.claims, me) }, me),
  })
  // the property also fails if a step reads less than the rule needs
  const { failed } = fc.check(slots(admission, { ...semaphore(PERMITS), outOfOrder: false }), { numRuns: 2000 })
  t.true(failed)
})

test('a waiter whose units are free is granted', t => {
  proves(t, progress, admission, {
    'one permit too few': permits => admission(permits - 1),
    'counts the claims behind': permits => (state, me) =>
      units(state.claims) <= permits ? admission(permits)(state, me) : {},
  })
})

test('a large request does not starve', t => {
  proves(t, noStarvation, admission, { 'overtakes a waiter that does not fit': fitsAmongHolders })
})

test('the first participant sets the number of permits for all', t => {
  const stubborn: Rule = ({ resource }, me) =>
    (resource.capacity ?? 2) === Number(me.mode) ? granted(me) : { conflict: 'another number' }
  proves(t, agreement, admission, {
    'ignores the number of the others': permits => (state, me) =>
      admission(permits)({ ...state, resource: { ...state.resource, capacity: permits } }, me),
    'never changes its number': () => stubborn,
    'does not store its number': permits => (state, me) => {
      const change = admission(permits)(state, me)
      return 'conflict' in change || state.resource.capacity === undefined ? change : { ...change, resource: {} }
    },
  })
})

test('a request for more units than permits gets a conflict and blocks no other', t => {
  const table = new Table()
  t.truthy(table.arrive(admission(2), { units: 3 }).conflict)
  t.true(table.arrive(admission(2), { units: 2 }).admitted)
})

test('a holder whose lease ran out keeps its units but not the number of permits', t => {
  const table = new Table()
  table.silent.add(table.arrive(admission(3), { units: 2 }).me.id)
  t.false(table.arrive(admission(2), { units: 1 }).admitted)
  t.is(table.resource.capacity, 2)
  t.truthy(table.arrive(admission(3)).conflict)
})
