import test from 'ava'
import fc from 'fast-check'
import type { Rule } from '../../src/claims/model.js'
import { admit, MUTEX } from '../../src/primitives/mutex.js'
import { granted } from '../../src/primitives/primitive.js'
import { ahead, drain, ensure, happen, histories, type ModelStep, proves, Table, views } from './model.js'

type Mode = 'own' | 'pass'
const mode = fc.constantFrom<Mode>('own', 'own', 'pass')

/** Those ahead who want the lock for themselves. */
const rivals = (claims: ModelStep['before'], me: ModelStep['me']) =>
  ahead(claims, me).filter(one => one.mode !== 'pass')

const exclusion = (rule: Rule) =>
  fc.property(histories(mode), views(MUTEX), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      const step = happen(table, event, asked => table.arrive(rule, { mode: asked }))
      ensure(table.granted.length <= 1, 'two hold the lock')
      ensure(!table.granted.some(one => one.mode === 'pass'), 'somebody holds a lock that he only wanted to see free')
      for (const one of step?.grants ?? []) ensure(rivals(step?.before ?? [], one).length === 0, 'overtaken')
      if (step?.admitted) ensure(rivals(step.before, step.me).length === 0, 'passed a lock that was not free')
    }
  })

const progress = (rule: Rule) =>
  fc.property(histories(mode), views(MUTEX), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      happen(table, event, asked => table.arrive(rule, { mode: asked }))
      for (const one of table.waiting) {
        ensure(table.wouldGo(one) === (rivals(table.claims, one).length === 0), `${one.id} may go, and does not`)
      }
    }
    const waiting = table.waiting.map(({ id }) => id)
    const served = drain(table)
    ensure(table.claims.length === 0, 'somebody waits for ever')
    ensure(served.filter(id => waiting.includes(id)).length === waiting.length, 'not everybody was served')
  })

const inOrder = (rule: Rule) =>
  fc.property(histories(fc.constant<Mode>('own')), views(MUTEX), (events, view) => {
    const table = new Table(view)
    for (const event of events) happen(table, event, asked => table.arrive(rule, { mode: asked }))
    const queue = table.waiting.map(({ id }) => id)
    ensure(drain(table).join() === queue.join(), 'served in another order than they came')
  })

const looksAtHoldersOnly: Rule = ({ claims }, me) =>
  claims.some(({ state }) => state === 'granted') ? {} : me.mode === 'pass' ? { remove: [me.id] } : granted(me)

test('one at a time holds a mutex, in order of arrival, and who only wants to see it free passes by', t => {
  proves(t, exclusion, admit, {
    'looks at the next ahead only': (state, me) =>
      admit(
        {
          ...state,
          claims: ahead(state.claims, me)
            .slice(-1)
            .filter(one => one.mode !== 'pass'),
        },
        me,
      ),
    'overtakes who waits': looksAtHoldersOnly,
    'takes who waits ahead for absent': (state, me) =>
      admit({ ...state, claims: state.claims.filter(one => one.state === 'granted' || one.ticket % 2 === 0) }, me),
    'grants who only wants to pass': (state, me) => admit(state, { ...me, mode: undefined }),
  })
})

test('nobody who may have a mutex is kept waiting, and those who pass are in nobody’s way', t => {
  proves(t, progress, admit, {
    'waits for those who pass': ({ claims }, me) => {
      if (ahead(claims, me).length > 0) return {}
      return me.mode === 'pass' ? { remove: [me.id] } : granted(me)
    },
    'waits for those behind': (state, me) => (state.claims.length > 1 ? {} : admit(state, me)),
    'makes who passes wait for an empty queue': (state, me) =>
      me.mode === 'pass' && state.claims.length > 2 ? {} : admit(state, me),
  })
})

test('who waits for a mutex is served in order of arrival', t => {
  proves(t, inOrder, admit, {
    'the last to come is first': ({ claims }, me) =>
      claims.some(({ ticket, state }) => state === 'granted' || ticket > me.ticket) ? {} : granted(me),
  })
})
