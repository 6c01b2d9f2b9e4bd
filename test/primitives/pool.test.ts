import test from 'ava'
import fc from 'fast-check'
import { NEVER_MS, NO_PROCESS } from '../../src/claims/model.js'
import { paceByPosition } from '../../src/claims/poll-rate.js'
import { admission, type PoolLimits } from '../../src/primitives/pool.js'
import { ahead, ensure, happen, histories, proves, settle, Table, views } from './model.js'

type PoolAdmission = typeof admission

const MOST = 3
const LIMITS: PoolLimits = { maxLocks: MOST, expireMs: 60_000 }
const WAITING = { rule: admission(() => LIMITS), pace: paceByPosition, onlyAhead: true, groupGrant: false }
const host = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')

const limit = (rule: PoolAdmission) =>
  fc.property(histories(host), views(WAITING), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      const step = happen(table, event, tag =>
        table.arrive(
          rule(() => LIMITS),
          { tag },
        ),
      )
      ensure(table.granted.length <= MOST, 'more hold it than may')
      for (const one of step?.grants ?? []) {
        const before = ahead(step?.before ?? [], one)
        ensure(!before.some(({ state, tag }) => state === 'waiting' && tag !== one.tag), 'overtook one who waits')
      }
    }
    settle(table)
    ensure(table.waiting.length === 0 || table.granted.length === MOST, 'the first waits although there is room')
  })

const once = (rule: PoolAdmission) =>
  fc.property(histories(host), views(WAITING), (events, view) => {
    const table = new Table(view)
    for (const event of events) {
      const held = new Map(table.granted.map(({ tag, token }) => [tag, token]))
      const step = happen(table, event, tag =>
        table.arrive(
          rule(() => LIMITS),
          { tag },
        ),
      )
      const holders = table.granted.map(({ tag }) => tag)
      ensure(new Set(holders).size === holders.length, 'one host holds it twice')
      for (const one of step?.grants ?? [])
        ensure(!ahead(table.waiting, one).some(({ tag }) => tag === one.tag), 'its older claim is left in the way')
      if (!step || !held.has(step.me.tag)) continue
      ensure(step.admitted, 'a host that holds it has to wait')
      ensure(JSON.parse(step.answer ?? '{}').token === held.get(step.me.tag), 'is told another grant')
    }
    settle(table)
    const holders = table.granted.map(({ tag }) => tag)
    ensure(!table.waiting.some(({ tag }) => holders.includes(tag)), 'waits for what it has')
  })

test('no more hosts hold it than may, and none that waits is overtaken', t => {
  proves(t, limit, admission, {
    'one too many': limits => admission(() => ({ ...(limits() as PoolLimits), maxLocks: MOST + 1 })),
    'counts those who wait': limits => (state, me) =>
      state.claims.length > MOST + 1 ? {} : admission(limits)(state, me),
    'overtakes who waits': limits => (state, me) =>
      admission(limits)({ ...state, claims: state.claims.filter(one => one.state === 'granted') }, me),
  })
})

test('a host holds it once, and is told so as often as it asks', t => {
  proves(t, once, admission, {
    'asks nobody’s name': limits => (state, me) => {
      const nameless = { ...state, claims: state.claims.map(one => ({ ...one, tag: one.id })) }
      return admission(limits)(nameless, { ...me, tag: me.id })
    },
    'lets it wait': limits => (state, me) => {
      const verdict = admission(limits)(state, me)
      return 'answer' in verdict ? {} : verdict
    },
  })
})

test('who holds it has no process, and the time that the pool gives', t => {
  const grant = (expireMs: number) => new Table().arrive(admission(() => ({ maxLocks: 1, expireMs }))).grants[0]
  t.like(grant(5000), { processId: NO_PROCESS, leaseMs: 5000 })
  t.like(grant(Number.POSITIVE_INFINITY), { processId: NO_PROCESS, leaseMs: NEVER_MS })
})

test('limits that have changed count from the next step on; a pool that is gone is a conflict', t => {
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
