import test from 'ava'
import fc from 'fast-check'
import type { Claim, Conflict } from '../../src/claims/model.js'
import { admission } from '../../src/primitives/barrier.js'
import { granted } from '../../src/primitives/primitive.js'
import { type Event, ensure, happen, histories, type ModelStep, proves, Table } from './model.js'

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

/** A barrier with its visitors: each knows, as its payload, how many it expects. */
class VisitedBarrier {
  readonly table = new Table()

  constructor(readonly rule: BarrierAdmission) {}

  happen(event: Event<Arrival>): ModelStep | undefined {
    const step = happen(this.table, event, ({ count, ...ask }) =>
      this.table.arrive(this.rule(count), { ...ask, payload: String(count) }),
    )
    if (step?.conflict && event.what === 'step') this.table.vanish(step.me)
    return step
  }

  /** Those who wait and have been heard of. */
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
    const barrier = new VisitedBarrier(rule)
    const { table } = barrier
    for (const event of events) {
      const { generation } = table.resource
      const step = barrier.happen(event)
      if (!step || step.grants.length === 0 || tookOver(step)) continue
      ensure(table.resource.generation === generation + 1, 'generations are counted')
      ensure(
        step.grants.every(one => one.generation === generation + 1),
        'all go in one generation',
      )
      ensure(
        step.grants.every(({ payload }) => Number(payload) === step.grants.length),
        'as many go as each expects',
      )
      ensure(!step.grants.some(({ id }) => table.silent.has(id)), 'somebody counts who may be dead')
      const named = step.grants.flatMap(({ tag }) => tag ?? [])
      ensure(new Set(named).size === named.length, 'a tag counts twice')
    }
  })

const progress = (rule: BarrierAdmission) =>
  fc.property(histories<Arrival>(tagged, 1), events => {
    const barrier = new VisitedBarrier(rule)
    for (const event of events) {
      barrier.happen(event)
      ensure(barrier.present.length < 3, 'enough are there, and they wait')
      const named = barrier.table.waiting.flatMap(({ tag }) => tag ?? [])
      ensure(new Set(named).size === named.length, 'a tag waits twice')
    }
    const missing = 3 - barrier.present.length
    const last = Array.from({ length: missing }, () => barrier.happen({ what: 'arrive', ask: { count: 3 } })).at(-1)
    ensure(last?.grants.length === 3 && barrier.present.length === 0, 'somebody was forgotten')
  })

const succession = (rule: BarrierAdmission) =>
  fc.property(histories<Arrival>(tagged), events => {
    const barrier = new VisitedBarrier(rule)
    for (const event of events) {
      const namesake = event.what === 'arrive' ? barrier.namesakeOf(event.ask) : undefined
      const { generation } = barrier.table.resource
      const step = barrier.happen(event)
      if (!namesake || !step) continue
      ensure(!barrier.table.find(namesake.id), 'the former one is still there')
      if (namesake.state === 'waiting') continue
      ensure(step.admitted && step.grants.length === 1, 'was let go before, and now is not')
      ensure(step.grants[0]?.generation === namesake.generation, 'with those it belongs to')
      ensure(barrier.table.resource.generation === generation, 'not one generation more')
    }
  })

const disagreement = (rule: BarrierAdmission) =>
  fc.property(histories<Arrival>(anyCount), events => {
    const barrier = new VisitedBarrier(rule)
    const { table } = barrier
    for (const event of events) {
      const { claims, resource } = table
      const others = table.waiting.filter(one => event.what !== 'arrive' || one !== barrier.namesakeOf(event.ask))
      const step = barrier.happen(event)
      if (event.what === 'arrive' && step) {
        const agreed =
          others.every(({ payload }) => payload === String(event.ask.count)) || tookOver(step) !== undefined
        ensure(agreed === (step.conflict === undefined), agreed ? 'refused in vain' : 'let in, and disagrees')
        ensure(!step.conflict || (table.claims === claims && table.resource === resource), 'refused, and left traces')
      }
      ensure(!table.waiting.some(one => 'conflict' in table.verdict(one)), 'one who waits is disturbed')
    }
  })

const singleUse = (rule: BarrierAdmission) =>
  fc.property(histories<Arrival>(once), events => {
    const barrier = new VisitedBarrier(rule)
    for (const event of events) {
      const { generation } = barrier.table.resource
      const step = barrier.happen(event)
      ensure(barrier.table.resource.generation <= 1, 'used twice')
      if (event.what !== 'arrive' || !step) continue
      const late = generation > 0 && !tookOver(step)
      ensure(late === (step.conflict !== undefined), late ? 'too late, and not told so' : 'refused in vain')
    }
  })

const sees = (what: (claim: Claim, me: Claim) => Claim[]): BarrierAdmission => {
  return count => (state, me) =>
    admission(count)({ ...state, claims: state.claims.flatMap(one => (one.id === me.id ? one : what(one, me))) }, me)
}
const ignoresTags: BarrierAdmission =
  count =>
  (state, { tag: _, ...me }) =>
    admission(count)(state, { ...me, tag: undefined })
const neverTakesOver = sees((one, me) => (one.state === 'granted' && one.tag === me.tag ? [] : [one]))
const countsTheSilent = sees(one => [{ ...one, overdueMs: -1 }])
const asksNobody: BarrierAdmission = count => (state, me) =>
  admission(count)({ ...state, resource: { ...state.resource, capacity: count } }, me)

test('a generation has exactly as many parties as each of them expects, none of them twice, none of them silent', t => {
  proves(t, generations, admission, {
    'one is missing': count => admission(count - 1),
    'a tag counts twice': ignoresTags,
    'who may be dead counts': sees(one => [{ ...one, overdueMs: one.state === 'waiting' ? -1 : 1 }]),
    'asks nobody for the count': asksNobody,
    'does not count generations': count => (state, me) => {
      const change = admission(count)(state, me)
      return 'conflict' in change ? change : { ...change, resource: { capacity: count } }
    },
  })
})

test('nobody is kept waiting when enough are there, and the barrier can be used again at once', t => {
  proves(t, progress, admission, {
    'one too many': count => admission(count + 1),
    'only the last goes': count => (state, me) => {
      const change = admission(count)(state, me)
      return 'claims' in change ? { ...change, ...granted(me, { generation: 1 }) } : change
    },
    'those who were let go are in the way': count => (state, me) =>
      state.claims.some(({ state }) => state === 'granted') ? {} : admission(count)(state, me),
  })
})

test('whoever comes with the tag of one before takes its claim over, also one that was let go already', t => {
  proves(t, succession, admission, {
    'ignores tags': ignoresTags,
    'only takes over who waits': neverTakesOver,
    'leaves the former one there': count => (state, me) => ({ ...admission(count)(state, me), remove: [] }),
    'starts a generation of its own': count => (state, me) => {
      const change = admission(count)(state, me)
      return 'remove' in change ? { ...change, ...granted(me, { generation: 99 }) } : change
    },
  })
})

test('who expects another count than those who wait is told so, and nobody else is disturbed', t => {
  const insists: BarrierAdmission = count => (state, me) => {
    const change: { conflict?: string } = admission(count)(state, me) as Conflict
    return change.conflict && !state.claims.some(one => one.id === me.id && one.ticket < state.resource.version)
      ? { resource: { capacity: count } }
      : (change as Conflict)
  }
  proves(t, disagreement, admission, {
    'asks nobody': asksNobody,
    'insists on its own': insists,
    'goes by what a former generation agreed on': count => (state, me) =>
      state.resource.capacity === undefined || state.resource.capacity === count
        ? admission(count)(state, me)
        : { conflict: 'it always was another number' },
  })
})

test('a barrier for a single use lets one generation go, and who comes later is told so', t => {
  proves(t, singleUse, admission, {
    'is used again': count => (state, me) => admission(count)(state, { ...me, mode: undefined }),
    'tells those too who were let go and did not see it': neverTakesOver,
    'is used up before it was used': count => (state, me) =>
      admission(count)({ ...state, resource: { ...state.resource, generation: state.claims.length > 1 ? 1 : 0 } }, me),
  })
})

test('whoever has been silent for a lease does not count, nor has it a say in the count', t => {
  const silenced = (rule: BarrierAdmission) => {
    const { table } = new VisitedBarrier(rule)
    table.silent.add(table.arrive(rule(3)).me.id)
    return table.arrive(rule(2))
  }
  t.is(silenced(admission).conflict, undefined)
  t.false(silenced(admission).admitted)
  t.truthy(silenced(countsTheSilent).conflict)
})
