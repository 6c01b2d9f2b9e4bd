import test from 'ava'
import fc from 'fast-check'
import { NEVER_MS, NO_PROCESS } from '../../src/claims/model.js'
import { paceByPosition } from '../../src/claims/poll-rate.js'
import { admission, type PoolLimits } from '../../src/primitives/pool.js'
import { ahead, applyEvent, ensure, histories, proves, settle, Table, views } from './model.js'

type PoolAdmission = typeof admission

const MOST = 3
const LIMITS: PoolLimits = { maxLocks: MOST, expireMs: 60_000 }
const WAITING = { rule: admission(() => LIMITS), pace: paceByPosition, onlyAhead: true, groupGrant: false }
const host = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')

const limit = (rule: PoolAdmission) =>
  fc.property(histories(host), views(WAITING), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      const step = applyEvent(table, event, tag =>
        table.arrive(
          rule(() => LIMITS),
          { tag },
        ),
      )
      ensure(table.granted.length <= MOST, 'more than maxLocks hosts hold the pool')
      for (const one of step?.grants ?? []) {
        const before = ahead(step?.before ?? [], one)
        ensure(!before.some(({ state, tag }) => state === 'waiting' && tag !== one.tag), 'overtook a waiter')
      }
    }
    settle(table)
    ensure(
      table.waiting.length === 0 || table.granted.length === MOST,
      'the first waiter waits although a lock is free',
    )
  })

const once = (rule: PoolAdmission) =>
  fc.property(histories(host), views(WAITING), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      const held = new Map(table.granted.map(({ tag, token }) => [tag, token]))
      const step = applyEvent(table, event, tag =>
        table.arrive(
          rule(() => LIMITS),
          { tag },
        ),
      )
      const holders = table.granted.map(({ tag }) => tag)
      ensure(new Set(holders).size === holders.length, 'a host holds the pool twice')
      for (const one of step?.grants ?? [])
        ensure(!ahead(table.waiting, one).some(({ tag }) => tag === one.tag), 'the older claim of the host still waits')
      if (!step || !held.has(step.me.tag)) continue
      ensure(step.admitted, 'a host that holds the pool waits')
      ensure(JSON.parse(step.answer ?? '{}').token === held.get(step.me.tag), 'the answer names another grant')
    }
    settle(table)
    const holders = table.granted.map(({ tag }) => tag)
    ensure(!table.waiting.some(({ tag }) => holders.includes(tag)), 'a holder waits')
  })

test('at most maxLocks hosts hold the pool, and no waiter is overtaken', t => {
  proves(t, limit, admission, {
    'grants one more': limits => admission(() => ({ ...(limits() as PoolLimits), maxLocks: MOST + 1 })),
    'counts waiters': limits => (state, me) => (state.claims.length > MOST + 1 ? {} : admission(limits)(state, me)),
    'overtakes waiters': limits => (state, me) =>
      admission(limits)({ ...state, claims: state.claims.filter(one => one.state === 'granted') }, me),
  })
})

test('a host holds the pool once and gets that grant each time it asks', t => {
  proves(t, once, admission, {
    'ignores the host': limits => (state, me) => {
      const nameless = { ...state, claims: state.claims.map(one => ({ ...one, tag: one.id })) }
      return admission(limits)(nameless, { ...me, tag: me.id })
    },
    'makes a holder wait': limits => (state, me) => {
      const verdict = admission(limits)(state, me)
      return 'answer' in verdict ? {} : verdict
    },
  })
})

test('a holder has no process, and its lease is the time of the pool', t => {
  const grant = (expireMs: number) => new Table().arrive(admission(() => ({ maxLocks: 1, expireMs }))).grants[0]
  t.like(grant(5000), { processId: NO_PROCESS, leaseMs: 5000 })
  t.like(grant(Number.POSITIVE_INFINITY), { processId: NO_PROCESS, leaseMs: NEVER_MS })
})

test('changed limits apply from the next step; a removed pool is a conflict', t => {
  let limits: PoolLimits | undefined = { maxLocks: 1, expireMs: 1000 }
  const table = new Table()
  const rule = admission(() => limits)
  table.arrive(rule, { tag: 'a' })
  const second = table.arrive(rule, { tag: 'b' })
  t.false(second.admitted)
  limits = { maxLocks: 2, expireMs: 1000 }
  t.true(table.step(second.me).admitted)
  limits = undefined
  t.truthy(table.arrive(rule, { tag: 'c' }).conflict)
})
