import test from 'ava'
import fc from 'fast-check'
import type { Claim, Conflict } from '../../src/claims/model.js'
import { admission } from '../../src/primitives/barrier.js'
import { granted } from '../../src/primitives/primitive.js'
import { applyEvent, type Event, ensure, histories, type ModelStep, proves, Table } from './model.js'

type BarrierAdmission = typeof admission

interface Arrival {
  count: number
  tag?: string
  mode?: string
}

const tags = fc.constantFrom('a', 'b', 'c', 'd')
const tagged = fc.record({ count: fc.constant(3), tag: tags }, { requiredKeys: ['count'] })
const anyCount = fc.record({ count: fc.constantFrom(2, 3), tag: tags }, { requiredKeys: ['count'] })
const once = fc.record(
  { count: fc.constant(2), tag: tags, mode: fc.constant('single-use') },
  { requiredKeys: ['count', 'mode'] },
)

/** A barrier whose parties carry the count that they expect as their payload. */
class BarrierModel {
  readonly table = new Table()

  constructor(readonly rule: BarrierAdmission) {}

  apply(event: Event<Arrival>): ModelStep | undefined {
    const step = applyEvent(this.table, event, ({ count, ...ask }) =>
      this.table.arrive(this.rule(count), { ...ask, payload: String(count) }),
    )
    if (step?.conflict && event.what === 'step') this.table.remove(step.me)
    return step
  }

  /** The waiters whose lease has not run out. */
  get present(): Claim[] {
    return this.table.waiting.filter(({ id }) => !this.table.silent.has(id))
  }

  namesakeOf({ tag }: Arrival): Claim | undefined {
    return this.table.claims.find(claim => tag !== undefined && claim.tag === tag)
  }
}

const tookOver = ({ me, before }: ModelStep) =>
  before.find(({ id, tag, state }) => id !== me.id && tag !== undefined && tag === me.tag && state === 'granted')

const generations = (rule: BarrierAdmission) =>
  fc.property(histories<Arrival>(anyCount, 1), events => {
    const barrier = new BarrierModel(rule)
    const { table } = barrier
    for (const event of events) {
      const { generation } = table.resource
      const step = barrier.apply(event)
      if (!step || step.grants.length === 0 || tookOver(step)) continue
      ensure(table.resource.generation === generation + 1, 'the generation was not incremented')
      ensure(
        step.grants.every(one => one.generation === generation + 1),
        'not all parties are in one generation',
      )
      ensure(
        step.grants.every(({ payload }) => Number(payload) === step.grants.length),
        'the number of parties is not the expected count',
      )
      ensure(!step.grants.some(({ id }) => table.silent.has(id)), 'a party that may be dead counts')
      const named = step.grants.flatMap(({ tag }) => tag ?? [])
      ensure(new Set(named).size === named.length, 'a tag counts twice')
    }
  })

const progress = (rule: BarrierAdmission) =>
  fc.property(histories<Arrival>(tagged, 1), events => {
    const barrier = new BarrierModel(rule)
    for (const event of events) {
      barrier.apply(event)
      ensure(barrier.present.length < 3, 'enough parties are present, but they wait')
      const named = barrier.table.waiting.flatMap(({ tag }) => tag ?? [])
      ensure(new Set(named).size === named.length, 'two claims with the same tag wait')
    }
    const missing = 3 - barrier.present.length
    const last = Array.from({ length: missing }, () => barrier.apply({ what: 'arrive', ask: { count: 3 } })).at(-1)
    ensure(last?.grants.length === 3 && barrier.present.length === 0, 'a party was not released')
  })

const succession = (rule: BarrierAdmission) =>
  fc.property(histories<Arrival>(tagged), events => {
    const barrier = new BarrierModel(rule)
    for (const event of events) {
      const namesake = event.what === 'arrive' ? barrier.namesakeOf(event.ask) : undefined
      const { generation } = barrier.table.resource
      const step = barrier.apply(event)
      if (!namesake || !step) continue
      ensure(!barrier.table.find(namesake.id), 'the former claim still exists')
      if (namesake.state === 'waiting') continue
      ensure(step.admitted && step.grants.length === 1, 'the former claim was granted, the new one is not')
      ensure(step.grants[0]?.generation === namesake.generation, 'granted in another generation')
      ensure(barrier.table.resource.generation === generation, 'a new generation was started')
    }
  })

const disagreement = (rule: BarrierAdmission) =>
  fc.property(histories<Arrival>(anyCount), events => {
    const barrier = new BarrierModel(rule)
    const { table } = barrier
    for (const event of events) {
      const { claims, resource } = table
      const others = table.waiting.filter(one => event.what !== 'arrive' || one !== barrier.namesakeOf(event.ask))
      const step = barrier.apply(event)
      if (event.what === 'arrive' && step) {
        const agreed =
          others.every(({ payload }) => payload === String(event.ask.count)) || tookOver(step) !== undefined
        ensure(
          agreed === (step.conflict === undefined),
          agreed ? 'refused although it agrees' : 'accepted although it disagrees',
        )
        ensure(
          !step.conflict || (table.claims === claims && table.resource === resource),
          'a refused arrival changed something',
        )
      }
      ensure(!table.waiting.some(one => 'conflict' in table.verdict(one)), 'a waiter got a conflict')
    }
  })

const singleUse = (rule: BarrierAdmission) =>
  fc.property(histories<Arrival>(once), events => {
    const barrier = new BarrierModel(rule)
    for (const event of events) {
      const { generation } = barrier.table.resource
      const step = barrier.apply(event)
      ensure(barrier.table.resource.generation <= 1, 'used twice')
      if (event.what !== 'arrive' || !step) continue
      const late = generation > 0 && !tookOver(step)
      ensure(late === (step.conflict !== undefined), late ? 'accepted after the release' : 'refused before the release')
    }
  })

const reading = (what: (claim: Claim, me: Claim) => Claim[]): BarrierAdmission => {
  return count => (state, me) =>
    admission(count)({ ...state, claims: state.claims.flatMap(one => (one.id === me.id ? one : what(one, me))) }, me)
}
const ignoresTags: BarrierAdmission =
  count =>
  (state, { tag: _, ...me }) =>
    admission(count)(state, { ...me, tag: undefined })
const neverTakesOver = reading((one, me) => (one.state === 'granted' && one.tag === me.tag ? [] : [one]))
const countsSilent = reading(one => [{ ...one, overdueMs: -1 }])
const ignoresCount: BarrierAdmission = count => (state, me) =>
  admission(count)({ ...state, resource: { ...state.resource, capacity: count } }, me)

test('a generation has exactly the expected parties, none twice and none silent', t => {
  proves(t, generations, admission, {
    'one is missing': count => admission(count - 1),
    'a tag counts twice': ignoresTags,
    'a claim that may be dead counts': reading(one => [{ ...one, overdueMs: one.state === 'waiting' ? -1 : 1 }]),
    'ignores the count of the others': ignoresCount,
    'does not increment the generation': count => (state, me) => {
      const change = admission(count)(state, me)
      return 'conflict' in change ? change : { ...change, resource: { capacity: count } }
    },
  })
})

test('enough parties are released at once, and the barrier can be used again', t => {
  proves(t, progress, admission, {
    'waits for one more': count => admission(count + 1),
    'releases only the last': count => (state, me) => {
      const change = admission(count)(state, me)
      return 'claims' in change ? { ...change, ...granted(me, { generation: 1 }) } : change
    },
    'waits for released parties': count => (state, me) =>
      state.claims.some(({ state }) => state === 'granted') ? {} : admission(count)(state, me),
  })
})

test('an arrival takes over the claim with its tag, even a granted one', t => {
  proves(t, succession, admission, {
    'ignores tags': ignoresTags,
    'takes over waiting claims only': neverTakesOver,
    'does not remove the former claim': count => (state, me) => ({ ...admission(count)(state, me), remove: [] }),
    'starts a new generation': count => (state, me) => {
      const change = admission(count)(state, me)
      return 'remove' in change ? { ...change, ...granted(me, { generation: 99 }) } : change
    },
  })
})

test('an arrival with another count gets a conflict, and the waiters are not affected', t => {
  const insists: BarrierAdmission = count => (state, me) => {
    const change: { conflict?: string } = admission(count)(state, me) as Conflict
    return change.conflict && !state.claims.some(one => one.id === me.id && one.ticket < state.resource.version)
      ? { resource: { capacity: count } }
      : (change as Conflict)
  }
  proves(t, disagreement, admission, {
    'ignores the count of the others': ignoresCount,
    'replaces the count of the others': insists,
    'keeps the count of a former generation': count => (state, me) =>
      state.resource.capacity === undefined || state.resource.capacity === count
        ? admission(count)(state, me)
        : { conflict: 'another number' },
  })
})

test('a single-use barrier releases one generation; a later arrival gets a conflict', t => {
  proves(t, singleUse, admission, {
    'can be used again': count => (state, me) => admission(count)(state, { ...me, mode: undefined }),
    'refuses a granted party that is restarted': neverTakesOver,
    'is used up before its release': count => (state, me) =>
      admission(count)({ ...state, resource: { ...state.resource, generation: state.claims.length > 1 ? 1 : 0 } }, me),
  })
})

test('a waiter whose lease ran out does not count, nor does its expected count', t => {
  const silenced = (rule: BarrierAdmission) => {
    const { table } = new BarrierModel(rule)
    table.silent.add(table.arrive(rule(3)).me.id)
    return table.arrive(rule(2))
  }
  t.is(silenced(admission).conflict, undefined)
  t.false(silenced(admission).admitted)
  t.truthy(silenced(countsSilent).conflict)
})
