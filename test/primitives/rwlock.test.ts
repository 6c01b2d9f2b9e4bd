import test from 'ava'
import fc from 'fast-check'
import type { Claim, Rule } from '../../src/claims/model.js'
import { granted } from '../../src/primitives/primitive.js'
import { type Access, admit, RWLOCK } from '../../src/primitives/rwlock.js'
import { ahead, drain, ensure, happen, histories, proves, Table, views } from './model.js'

const access = fc.constantFrom<Access>('read', 'read', 'write')
const isWriter = ({ mode }: Claim) => mode === 'write'

/** Whether the one can't hold the lock together with the other. */
const clash = (one: Claim, other: Claim) => isWriter(one) || isWriter(other)

const exclusion = (rule: Rule) =>
  fc.property(histories(access), views(RWLOCK), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      const step = happen(table, event, mode => table.arrive(rule, { mode }))
      const holders = table.granted
      ensure(holders.length <= 1 || !holders.some(isWriter), 'a writer is not alone')
      for (const one of step?.grants ?? []) {
        ensure(!ahead(step?.before ?? [], one).some(other => clash(one, other)), 'overtook one whom it keeps out')
      }
    }
  })

const progress = (rule: Rule) =>
  fc.property(histories(access), views(RWLOCK), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      happen(table, event, mode => table.arrive(rule, { mode }))
      for (const one of table.waiting) {
        const free = !ahead(table.claims, one).some(other => clash(one, other))
        ensure(!free || table.wouldGo(one), `${one.id} may go, and does not`)
      }
    }
    const waiting = new Set(table.waiting.map(({ id }) => id))
    ensure(drain(table).filter(id => waiting.has(id)).length === waiting.size, 'not everybody was served')
  })

/** As long as readers keep coming, each before the last has gone, a writer gets its turn all the same. */
const noStarvation = (rule: Rule) =>
  fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }), views(RWLOCK), (readers, more, view) => {
    const table = new Table(view)
    const arrive = (mode: Access) => table.arrive(rule, { mode }).me
    const reading = Array.from({ length: readers }, () => arrive('read'))
    const writer = arrive('write')
    for (let round = 0; round < readers + more; round++) {
      reading.push(arrive('read'))
      const first = reading.shift()
      if (first && table.find(first.id)?.state === 'granted') table.vanish(first)
      for (const one of table.waiting) table.step(one)
    }
    ensure(table.find(writer.id)?.state === 'granted', 'the writer starves')
  })

const readersFirst: Rule = ({ claims }, me) => {
  const holders = claims.filter(({ state }) => state === 'granted')
  return (me.mode === 'read' ? holders.some(isWriter) : holders.length > 0) ? {} : granted(me)
}

test('readers share, a writer is alone, and nobody overtakes one whom it keeps out', t => {
  proves(t, exclusion, admit, {
    'readers first': readersFirst,
    'writers share': (state, me) => admit(state, { ...me, mode: 'read' }),
    'a writer waits for holders only': (state, me) =>
      me.mode === 'write' ? readersFirst(state, me) : admit(state, me),
    'a reader does not see a writer that holds': (state, me) =>
      admit({ ...state, claims: state.claims.filter(one => one.state === 'waiting' || one.mode === 'read') }, me),
  })
})

test('nobody who may have the lock is kept waiting', t => {
  proves(t, progress, admit, {
    'readers don’t share': (state, me) => admit(state, { ...me, mode: 'write' }),
    'a writer behind keeps a reader out': ({ claims }, me) =>
      me.mode === 'read' && claims.some(isWriter) ? {} : granted(me),
  })
})

test('writers don’t starve, however many readers come', t => {
  proves(t, noStarvation, admit, { 'readers first': readersFirst })
})
