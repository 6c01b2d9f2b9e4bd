import test from 'ava'
import fc from 'fast-check'
import type { Rule } from '../../src/claims/model.js'
import { granted } from '../../src/primitives/primitive.js'
import { admission, semaphore } from '../../src/primitives/semaphore.js'
import { ahead, drain, ensure, happen, histories, proves, settle, Table, units, views } from './model.js'

type SemaphoreAdmission = typeof admission

const PERMITS = 5
const wanted = fc.integer({ min: 1, max: PERMITS })

const limit = (rule: SemaphoreAdmission) =>
  fc.property(histories(wanted), views(semaphore(PERMITS)), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      const step = happen(table, event, asked => table.arrive(rule(PERMITS), { units: asked }))
      ensure(units(table.granted) <= PERMITS, 'more is held than there is')
      for (const one of step?.grants ?? []) {
        const others = (step?.before ?? []).filter(
          ({ id, ticket, state }) => id !== one.id && (ticket < one.ticket || state === 'granted'),
        )
        ensure(units(others) + one.units <= PERMITS, 'overtook one who had to wait')
      }
    }
  })

const slots = (rule: SemaphoreAdmission, kind = semaphore(PERMITS)) =>
  fc.property(histories(wanted), views(kind), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      const step = happen(table, event, asked => table.arrive(rule(PERMITS), { units: asked }))
      const taken = table.granted.map(({ slot }) => slot)
      ensure(new Set(taken).size === taken.length, 'two have one slot')
      for (const { id, slot } of step?.grants ?? []) {
        const others = table.granted.filter(one => one.id !== id).map(one => one.slot)
        const lowest = Array.from({ length: PERMITS }, (_, at) => at).find(at => !others.includes(at))
        ensure(slot === lowest, `slot ${slot}, and not ${lowest}`)
      }
    }
  })

const progress = (rule: SemaphoreAdmission) =>
  fc.property(histories(wanted), views(semaphore(PERMITS)), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      happen(table, event, asked => table.arrive(rule(PERMITS), { units: asked }))
      for (const one of table.waiting) {
        const fits = units(ahead(table.claims, one)) + one.units <= PERMITS
        ensure(!fits || table.wouldGo(one), `${one.id} may go, and does not`)
      }
    }
    settle(table)
    const [first] = table.waiting
    ensure(!first || units(table.granted) + first.units > PERMITS, 'the first waits although there is enough')
    const waiting = new Set(table.waiting.map(({ id }) => id))
    ensure(drain(table).filter(id => waiting.has(id)).length === waiting.size, 'not everybody was served')
  })

/** Who wants all of it gets it, though there is always somebody else who could go at once. */
const noStarvation = (rule: SemaphoreAdmission) =>
  fc.property(fc.integer({ min: 1, max: 8 }), views(semaphore(PERMITS)), (rounds, view) => {
    const table = new Table(view)
    const small = () => table.arrive(rule(PERMITS), { units: 1 }).me
    const holders = [small(), small()]
    const big = table.arrive(rule(PERMITS), { units: PERMITS }).me
    for (let round = 0; round < rounds + 2; round++) {
      holders.push(small())
      const first = holders.shift()
      if (first && table.find(first.id)?.state === 'granted') table.vanish(first)
      for (const one of table.waiting) table.step(one)
    }
    ensure(table.find(big.id)?.state === 'granted', 'who wants much starves')
  })

/** Each names a number of permits: all who are there go by one number, that of the first, and a newcomer's other is refused. */
const agreement = (rule: SemaphoreAdmission) =>
  fc.property(histories(fc.constantFrom(2, 3)), views(semaphore(PERMITS)), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      const before = table.claims
      const step = happen(table, event, permits => table.arrive(rule(permits), { mode: String(permits) }))
      if (event.what === 'arrive') {
        const agreed = before.every(({ mode }) => mode === String(event.ask))
        ensure(agreed === (step?.conflict === undefined), agreed ? 'refused in vain' : 'let in with another number')
        ensure(!agreed || table.resource.capacity === event.ask, 'the number was not written down')
        ensure(before.length > 0 || table.granted.length === 1, 'has to wait for nobody')
      }
      ensure(new Set(table.claims.map(({ mode }) => mode)).size <= 1, 'they go by two numbers')
      ensure(!table.waiting.some(one => 'conflict' in table.verdict(one)), 'one who waits is disturbed')
    }
  })

const fitsAmongHolders: SemaphoreAdmission = permits => (state, me) =>
  admission(permits)({ ...state, claims: state.claims.filter(one => one.state === 'granted') }, me)

test('no more is held than there are permits, and who wants much is not overtaken', t => {
  proves(t, limit, admission, {
    'one permit too many': permits => admission(permits + 1),
    'counts claims, not units': permits => (state, me) =>
      admission(permits)({ ...state, claims: state.claims.map(one => ({ ...one, units: 1 })) }, me),
    'overtakes who does not fit': fitsAmongHolders,
  })
})

test('a holder’s slot is the lowest that no other has', t => {
  proves(t, slots, admission, {
    'counts the holders': permits => (state, me) => {
      const change = admission(permits)(state, me)
      const slot = state.claims.filter(one => one.state === 'granted').length
      return 'claims' in change ? { ...change, ...granted(me, { slot }) } : change
    },
    'sees those ahead only': permits => (state, me) =>
      admission(permits)({ ...state, claims: ahead(state.claims, me) }, me),
  })
  // nor may the step be shown less than the rule
  const { failed } = fc.check(slots(admission, { ...semaphore(PERMITS), outOfOrder: false }), { numRuns: 2000 })
  t.true(failed)
})

test('nobody for whom there is enough is kept waiting', t => {
  proves(t, progress, admission, {
    'one permit too few': permits => admission(permits - 1),
    'counts those behind': permits => (state, me) =>
      units(state.claims) <= permits ? admission(permits)(state, me) : {},
  })
})

test('who wants much does not starve', t => {
  proves(t, noStarvation, admission, { 'overtakes who does not fit': fitsAmongHolders })
})

test('all who are there go by one number of permits, which is the choice of whoever comes first', t => {
  const stubborn: Rule = ({ resource }, me) =>
    (resource.capacity ?? 2) === Number(me.mode) ? granted(me) : { conflict: 'never other permits' }
  proves(t, agreement, admission, {
    'asks nobody': permits => (state, me) =>
      admission(permits)({ ...state, resource: { ...state.resource, capacity: permits } }, me),
    'never changes its number': () => stubborn,
    'does not write its number down': permits => (state, me) => {
      const change = admission(permits)(state, me)
      return 'conflict' in change || state.resource.capacity === undefined ? change : { ...change, resource: {} }
    },
  })
})

test('who wants more than there is is told so, and holds nobody up', t => {
  const table = new Table()
  t.truthy(table.arrive(admission(2), { units: 3 }).conflict)
  t.true(table.arrive(admission(2), { units: 2 }).admitted)
})

test('whoever has been silent for a lease has no say in the number of permits, but keeps what it holds', t => {
  const table = new Table()
  table.silent.add(table.arrive(admission(3), { units: 2 }).me.id)
  t.false(table.arrive(admission(2), { units: 1 }).admitted)
  t.is(table.resource.capacity, 2)
  t.truthy(table.arrive(admission(3)).conflict)
})
