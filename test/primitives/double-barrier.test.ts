import test from 'ava'
import fc from 'fast-check'
import type { Claim, Rule } from '../../src/claims/model.js'
import { entrance, exit } from '../../src/primitives/double-barrier.js'
import { granted } from '../../src/primitives/primitive.js'
import { type Event, ensure, happen, histories, type ModelStep, proves, Table } from './model.js'

interface DoubleBarrierRules {
  entrance: typeof entrance
  exit: Rule
}

const RULES: DoubleBarrierRules = { entrance, exit }
const same = fc.constant(2)
const anyCount = fc.constantFrom(2, 2, 3)

class VisitedDoubleBarrier {
  readonly table = new Table()

  constructor(readonly rules: DoubleBarrierRules) {}

  happen(event: Event<number>): ModelStep | undefined {
    const step = happen(
      this.table,
      event,
      count => this.table.arrive(this.rules.entrance(count), { payload: String(count) }),
      claim => this.leave(claim),
    )
    if (step?.conflict && event.what === 'step') this.table.vanish(step.me)
    return step
  }

  /** Says that it has finished, or looks again whether all have. */
  leave(claim: Claim): ModelStep {
    return this.table.step(claim, this.rules.exit)
  }

  get leaving(): Claim[] {
    return this.table.claims.filter(({ state }) => state === 'leaving')
  }

  get present(): Claim[] {
    return this.table.waiting.filter(({ id }) => !this.table.silent.has(id))
  }
}

const entering = (rules: DoubleBarrierRules) =>
  fc.property(histories(anyCount, 1), events => {
    const barrier = new VisitedDoubleBarrier(rules)
    const { table } = barrier
    for (const event of events) {
      const { generation } = table.resource
      const running = table.granted.length > 0
      const step = barrier.happen(event)
      ensure(new Set(table.granted.map(one => one.generation)).size <= 1, 'two generations are at work')
      if (!step || step.grants.length === 0) continue
      ensure(!running && table.resource.generation === generation + 1, 'the former generation is at work')
      ensure(
        step.grants.every(({ payload }) => Number(payload) === step.grants.length),
        'as many start as each expects',
      )
      ensure(
        step.grants.every(one => one.generation === generation + 1),
        'all start in one generation',
      )
      ensure(!step.grants.some(({ id }) => table.silent.has(id)), 'somebody counts who may be dead')
      const youngest = Math.max(...step.grants.map(({ ticket }) => ticket))
      ensure(!barrier.present.some(({ ticket }) => ticket < youngest), 'an older one has to wait for the next')
    }
  })

const progress = (rules: DoubleBarrierRules) =>
  fc.property(histories(same, 1), events => {
    const barrier = new VisitedDoubleBarrier(rules)
    const { table } = barrier
    for (const event of events) {
      barrier.happen(event)
      if (table.granted.length > 0 || barrier.present.length < 2) continue
      for (const one of barrier.present) {
        const verdict = table.verdict(one)
        ensure('claims' in verdict && verdict.claims?.length === 2, 'enough are there, and they wait')
      }
    }
    for (let rounds = 0; rounds < events.length + 2; rounds++) {
      for (const one of table.granted) barrier.leave(one)
      for (const one of barrier.leaving) barrier.leave(one)
      ensure(barrier.leaving.length === 0, 'all have finished, and somebody waits for them')
      for (const one of barrier.present) if (table.find(one.id)?.state === 'waiting') table.step(one)
    }
    ensure(barrier.present.length < 2 && table.granted.length === 0, 'some were forgotten')
  })

const leaving = (rules: DoubleBarrierRules) =>
  fc.property(histories(same), events => {
    const barrier = new VisitedDoubleBarrier(rules)
    const { table } = barrier
    const check = ({ me, before, admitted }: ModelStep) => {
      const atWork = before.some(
        ({ id, state, generation }) => id !== me.id && state === 'granted' && generation === me.generation,
      )
      ensure(admitted !== atWork, atWork ? 'left before the others' : 'waits for nobody')
      ensure(admitted || table.find(me.id)?.state === 'leaving', 'does not say that it has finished')
    }
    for (const event of events) {
      const step = barrier.happen(event)
      if (event.what === 'finish' && step) check(step)
      const one =
        'who' in event && event.what === 'step' ? barrier.leaving[event.who % barrier.leaving.length] : undefined
      if (one) check(barrier.leave(one))
    }
  })

const disagreement = (rules: DoubleBarrierRules) =>
  fc.property(histories(anyCount), events => {
    const barrier = new VisitedDoubleBarrier(rules)
    const { table } = barrier
    for (const event of events) {
      const { claims, waiting } = table
      const step = barrier.happen(event)
      if (event.what === 'arrive' && step) {
        const agreed = waiting.every(({ payload }) => payload === String(event.ask))
        ensure(agreed === (step.conflict === undefined), agreed ? 'refused in vain' : 'let in, and disagrees')
        ensure(!step.conflict || table.claims === claims, 'refused, and left traces')
      }
      ensure(!table.waiting.some(one => 'conflict' in table.verdict(one)), 'one who waits is disturbed')
    }
  })

const seeing = (what: (claim: Claim) => Claim[]): DoubleBarrierRules => ({
  ...RULES,
  entrance: count => (state, me) =>
    entrance(count)({ ...state, claims: state.claims.flatMap(one => (one.id === me.id ? one : what(one))) }, me),
})

test('generations don’t overlap, and each starts with the oldest of those who wait, as many as they expect', t => {
  proves(t, entering, RULES, {
    'starts while the former is at work': seeing(one => (one.state === 'granted' ? [] : [one])),
    'starts with one less': { ...RULES, entrance: count => entrance(count - 1) },
    'starts with all who are there': {
      ...RULES,
      entrance: count => (state, me) => {
        const change = entrance(count)(state, me)
        const waiting = state.claims.filter(one => one.state === 'waiting' && one.overdueMs <= 0)
        const generation = state.resource.generation + 1
        return 'claims' in change
          ? { ...change, claims: waiting.flatMap(one => granted(one, { generation }).claims ?? []) }
          : change
      },
    },
    'starts with the youngest': {
      ...RULES,
      entrance: count => (state, me) => entrance(count)({ ...state, claims: state.claims.toReversed() }, me),
    },
    'starts with who may be dead': seeing(one => [{ ...one, overdueMs: -1 }]),
  })
})

test('nobody is kept waiting when enough are there and none is at work, and one too many is let in next', t => {
  proves(t, progress, RULES, {
    'waits for those too who only wait to leave': seeing(one => [
      one.state === 'leaving' ? { ...one, state: 'granted' } : one,
    ]),
    'wants one more': { ...RULES, entrance: count => entrance(count + 1) },
    'only the youngest lets all in': {
      ...RULES,
      entrance: count => (state, me) => (state.claims.at(-1)?.id === me.id ? entrance(count)(state, me) : {}),
    },
    'leaves when nobody else is there': {
      ...RULES,
      exit: (state, me) => (state.claims.length > 1 ? exit(state, me) : {}),
    },
  })
})

test('whoever has finished leaves when nobody of its generation is at work any more, the dead not counting', t => {
  proves(t, leaving, RULES, {
    'leaves at once': { ...RULES, exit: (_, me) => ({ remove: [me.id] }) },
    'does not say so': { ...RULES, exit: (state, me) => ({ ...exit(state, me), claims: [] }) },
    'waits for the next generation too': {
      ...RULES,
      exit: (state, me) =>
        exit({ ...state, claims: state.claims.map(one => ({ ...one, generation: me.generation })) }, me),
    },
    'waits for those who wait to leave': {
      ...RULES,
      exit: (state, me) => {
        const claims = state.claims.map(one => (one.state === 'leaving' ? { ...one, state: 'granted' as const } : one))
        return exit({ ...state, claims }, me)
      },
    },
  })
})

test('who expects another count than those who wait is told so, and nobody else is disturbed', t => {
  proves(t, disagreement, RULES, {
    'asks nobody': {
      ...RULES,
      entrance: count => (state, me) =>
        entrance(count)({ ...state, resource: { ...state.resource, capacity: count } }, me),
    },
    'asks those at work too': {
      ...RULES,
      entrance: count => (state, me) =>
        state.claims.length > 1 && state.resource.capacity !== count ? { conflict: 'no' } : entrance(count)(state, me),
    },
  })
})
