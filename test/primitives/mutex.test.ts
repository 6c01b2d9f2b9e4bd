import test from 'ava'
import fc from 'fast-check'
import type { Rule } from '../../src/claims/model.js'
import { admit, MUTEX } from '../../src/primitives/mutex.js'
import { granted } from '../../src/primitives/primitive.js'
import { ahead, applyEvent, drain, ensure, histories, type ModelStep, proves, Table, views } from './model.js'

type Mode = 'own' | 'pass'
const mode = fc.constantFrom<Mode>('own', 'own', 'pass')

/** The claims ahead that want to hold the lock. */
const rivals = (claims: ModelStep['before'], me: ModelStep['me']) =>
  ahead(claims, me).filter(one => one.mode !== 'pass')

const exclusion = (rule: Rule) =>
  fc.property(histories(mode), views(MUTEX), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      const step = applyEvent(table, event, asked => table.arrive(rule, { mode: asked }))
      ensure(table.granted.length <= 1, 'two hold the lock')
      ensure(!table.granted.some(one => one.mode === 'pass'), 'a claim with mode pass was granted')
      for (const one of step?.grants ?? []) ensure(rivals(step?.before ?? [], one).length === 0, 'overtaken')
      if (step?.admitted) ensure(rivals(step.before, step.me).length === 0, 'passed a lock that was not free')
    }
  })

const progress = (rule: Rule) =>
  fc.property(histories(mode), views(MUTEX), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      applyEvent(table, event, asked => table.arrive(rule, { mode: asked }))
      for (const one of table.waiting) {
        ensure(table.mayPass(one) === (rivals(table.claims, one).length === 0), `${one.id} may pass, but waits`)
      }
    }
    const waiting = table.waiting.map(({ id }) => id)
    const served = drain(table)
    ensure(table.claims.length === 0, 'a claim waits for ever')
    ensure(served.filter(id => waiting.includes(id)).length === waiting.length, 'a waiter was not served')
  })

const inOrder = (rule: Rule) =>
  fc.property(histories(fc.constant<Mode>('own')), views(MUTEX), (events, view) => {
    const table = new Table(view)
    for (const event of events) applyEvent(table, event, asked => table.arrive(rule, { mode: asked }))
    const queue = table.waiting.map(({ id }) => id)
    ensure(drain(table).join() === queue.join(), 'not served in order of arrival')
  })

const seesHoldersOnly: Rule = ({ claims }, me) =>
  claims.some(({ state }) => state === 'granted') ? {} : me.mode === 'pass' ? { remove: [me.id] } : granted(me)

test('a mutex has one holder at a time, and a waiter with mode pass is never a holder', t => {
  proves(t, exclusion, admit, {
    'reads only the next claim ahead': (state, me) =>
      admit(
        {
          ...state,
          claims: ahead(state.claims, me)
            .slice(-1)
            .filter(one => one.mode !== 'pass'),
        },
        me,
      ),
    'overtakes waiters': seesHoldersOnly,
    'ignores some waiters ahead': (state, me) =>
      admit({ ...state, claims: state.claims.filter(one => one.state === 'granted' || one.ticket % 2 === 0) }, me),
    'grants mode pass': (state, me) => admit(state, { ...me, mode: undefined }),
  })
})

test('a waiter that may pass is granted, and claims with mode pass block no other', t => {
  proves(t, progress, admit, {
    'waits for claims with mode pass': ({ claims }, me) => {
      if (ahead(claims, me).length > 0) return {}
      return me.mode === 'pass' ? { remove: [me.id] } : granted(me)
    },
    'waits for claims behind': (state, me) => (state.claims.length > 1 ? {} : admit(state, me)),
    'mode pass waits for an empty queue': (state, me) =>
      me.mode === 'pass' && state.claims.length > 2 ? {} : admit(state, me),
  })
})

test('waiters for a mutex are served in order of arrival', t => {
  proves(t, inOrder, admit, {
    'the last arrival is first': ({ claims }, me) =>
      claims.some(({ ticket, state }) => state === 'granted' || ticket > me.ticket) ? {} : granted(me),
  })
})
