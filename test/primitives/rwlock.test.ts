import test from 'ava'
import fc from 'fast-check'
import type { Claim, Rule } from '../../src/claims/model.js'
import { granted } from '../../src/primitives/primitive.js'
import { type Access, admit, RWLOCK } from '../../src/primitives/rwlock.js'
import { ahead, applyEvent, drain, ensure, histories, proves, Table, views } from './model.js'

const access = fc.constantFrom<Access>('read', 'read', 'write')
const isWriter = ({ mode }: Claim) => mode === 'write'

/** Whether the two cannot hold the lock together. */
const clash = (one: Claim, other: Claim) => isWriter(one) || isWriter(other)

const exclusion = (rule: Rule) =>
  fc.property(histories(access), views(RWLOCK), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      const step = applyEvent(table, event, mode => table.arrive(rule, { mode }))
      const holders = table.granted
      ensure(holders.length <= 1 || !holders.some(isWriter), 'a writer is not alone')
      for (const one of step?.grants ?? []) {
        ensure(!ahead(step?.before ?? [], one).some(other => clash(one, other)), 'overtook a claim that it excludes')
      }
    }
  })

const progress = (rule: Rule) =>
  fc.property(histories(access), views(RWLOCK), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      applyEvent(table, event, mode => table.arrive(rule, { mode }))
      for (const one of table.waiting) {
        const free = !ahead(table.claims, one).some(other => clash(one, other))
        ensure(!free || table.mayPass(one), `${one.id} may pass, but waits`)
      }
    }
    const waiting = new Set(table.waiting.map(({ id }) => id))
    ensure(drain(table).filter(id => waiting.has(id)).length === waiting.size, 'a waiter was not served')
  })

/** A writer is granted although a new reader arrives before each reader leaves. */
const noStarvation = (rule: Rule) =>
  fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }), views(RWLOCK), (readers, more, view) => {
    const table = new Table(view)
    const arrive = (mode: Access) => table.arrive(rule, { mode }).me
    const reading = Array.from({ length: readers }, () => arrive('read'))
    const writer = arrive('write')
    for (let round = 0; round < readers + more; round++) {
      reading.push(arrive('read'))
      const first = reading.shift()
      if (first && table.find(first.id)?.state === 'granted') table.remove(first)
      for (const one of table.waiting) table.step(one)
    }
    ensure(table.find(writer.id)?.state === 'granted', 'the writer starves')
  })

const readersFirst: Rule = ({ claims }, me) => {
  const holders = claims.filter(({ state }) => state === 'granted')
  return (me.mode === 'read' ? holders.some(isWriter) : holders.length > 0) ? {} : granted(me)
}

test('readers share, a writer is alone, and no claim overtakes one that it excludes', t => {
  proves(t, exclusion, admit, {
    'readers first': readersFirst,
    'writers share': (state, me) => admit(state, { ...me, mode: 'read' }),
    'a writer waits for holders only': (state, me) =>
      me.mode === 'write' ? readersFirst(state, me) : admit(state, me),
    'a reader ignores a writer that holds the lock': (state, me) =>
      admit({ ...state, claims: state.claims.filter(one => one.state === 'waiting' || one.mode === 'read') }, me),
  })
})

test('a waiter that may hold the lock is granted', t => {
  proves(t, progress, admit, {
    'readers do not share': (state, me) => admit(state, { ...me, mode: 'write' }),
    'a writer behind blocks a reader': ({ claims }, me) =>
      me.mode === 'read' && claims.some(isWriter) ? {} : granted(me),
  })
})

test('writers do not starve while readers keep arriving', t => {
  proves(t, noStarvation, admit, { 'readers first': readersFirst })
})
