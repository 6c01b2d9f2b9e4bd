import test from 'ava'
import fc from 'fast-check'
import type { Claim, Rule } from '../../src/claims/model.js'
import { entrance, exit } from '../../src/primitives/double-barrier.js'
import { granted } from '../../src/primitives/primitive.js'
import { applyEvent, type Event, ensure, histories, type ModelStep, proves, Table } from './model.js'

interface DoubleBarrierRules {
  entrance: typeof entrance
  exit: Rule
}

const RULES: DoubleBarrierRules = { entrance, exit }
const same = fc.constant(2)
const anyCount = fc.constantFrom(2, 2, 3)

class DoubleBarrierModel {
  readonly table = new Table()

  constructor(readonly rules: DoubleBarrierRules) {}

  apply(event: Event<number>): ModelStep | undefined {
    const step = applyEvent(
      this.table,
      event,
      count => this.table.arrive(this.rules.entrance(count), { payload: String(count) }),
      claim => this.leave(claim),
    )
    if (step?.conflict && event.what === 'step') this.table.remove(step.me)
    return step
  }

  /** The step of a party that has finished, and its later steps. */
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
    const barrier = new DoubleBarrierModel(rules)
    const { table } = barrier
    for (const event of events) {
      const { generation } = table.resource
      const running = table.granted.length > 0
      const step = barrier.apply(event)
      ensure(new Set(table.granted.map(one => one.generation)).size <= 1, 'two generations are at work')
      if (!step || step.grants.length === 0) continue
      ensure(
        !running && table.resource.generation === generation + 1,
        'started while the former generation was at work',
      )
      ensure(
        step.grants.every(({ payload }) => Number(payload) === step.grants.length),
        'the number of parties is not the expected count',
      )
      ensure(
        step.grants.every(one => one.generation === generation + 1),
        'not all parties are in one generation',
      )
      ensure(!step.grants.some(({ id }) => table.silent.has(id)), 'a party that may be dead counts')
      const youngest = Math.max(...step.grants.map(({ ticket }) => ticket))
      ensure(
        !barrier.present.some(({ ticket }) => ticket < youngest),
        'an older waiter was left for the next generation',
      )
    }
  })

const progress = (rules: DoubleBarrierRules) =>
  fc.property(histories(same, 1), events => {
    const barrier = new DoubleBarrierModel(rules)
    const { table } = barrier
    for (const event of events) {
      barrier.apply(event)
      if (table.granted.length > 0 || barrier.present.length < 2) continue
      for (const one of barrier.present) {
        const verdict = table.verdict(one)
        ensure('claims' in verdict && verdict.claims?.length === 2, 'enough parties are present, but they wait')
      }
    }
    for (let rounds = 0; rounds < events.length + 2; rounds++) {
      for (const one of table.granted) barrier.leave(one)
      for (const one of barrier.leaving) barrier.leave(one)
      ensure(barrier.leaving.length === 0, 'all parties have finished, but one still waits')
      for (const one of barrier.present) if (table.find(one.id)?.state === 'waiting') table.step(one)
    }
    ensure(barrier.present.length < 2 && table.granted.length === 0, 'a party did not enter or did not leave')
  })

const leaving = (rules: DoubleBarrierRules) =>
  fc.property(histories(same), events => {
    const barrier = new DoubleBarrierModel(rules)
    const { table } = barrier
    const check = ({ me, before, admitted }: ModelStep) => {
      const atWork = before.some(
        ({ id, state, generation }) => id !== me.id && state === 'granted' && generation === me.generation,
      )
      ensure(admitted !== atWork, atWork ? 'left before the others finished' : 'waits although all have finished')
      ensure(admitted || table.find(me.id)?.state === 'leaving', 'is not leaving')
    }
    for (const event of events) {
      const step = barrier.apply(event)
      if (event.what === 'finish' && step) check(step)
      const one =
        'pick' in event && event.what === 'step' ? barrier.leaving[event.pick % barrier.leaving.length] : undefined
      if (one) check(barrier.leave(one))
    }
  })

const disagreement = (rules: DoubleBarrierRules) =>
  fc.property(histories(anyCount), events => {
    const barrier = new DoubleBarrierModel(rules)
    const { table } = barrier
    for (const event of events) {
      const { claims, waiting } = table
      const step = barrier.apply(event)
      if (event.what === 'arrive' && step) {
        const agreed = waiting.every(({ payload }) => payload === String(event.ask))
        ensure(
          agreed === (step.conflict === undefined),
          agreed ? 'refused although it agrees' : 'accepted although it disagrees',
        )
        ensure(!step.conflict || table.claims === claims, 'a refused arrival changed something')
      }
      ensure(!table.waiting.some(one => 'conflict' in table.verdict(one)), 'a waiter got a conflict')
    }
  })

const reading = (what: (claim: Claim) => Claim[]): DoubleBarrierRules => ({
  ...RULES,
  entrance: count => (state, me) =>
    entrance(count)({ ...state, claims: state.claims.flatMap(one => (one.id === me.id ? one : what(one))) }, me),
})

test('generations do not overlap, and each starts with the oldest waiters', t => {
  proves(t, entering, RULES, {
    'starts while the former generation is at work': reading(one => (one.state === 'granted' ? [] : [one])),
    'starts with one less': { ...RULES, entrance: count => entrance(count - 1) },
    'starts with all waiters': {
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
    'starts with a waiter that may be dead': reading(one => [{ ...one, overdueMs: -1 }]),
  })
})

test('enough waiters enter when no generation is at work, the others enter next', t => {
  proves(t, progress, RULES, {
    'waits for parties that are leaving': reading(one => [
      one.state === 'leaving' ? { ...one, state: 'granted' } : one,
    ]),
    'waits for one more': { ...RULES, entrance: count => entrance(count + 1) },
    'only the step of the youngest grants': {
      ...RULES,
      entrance: count => (state, me) => (state.claims.at(-1)?.id === me.id ? entrance(count)(state, me) : {}),
    },
    'leaves only when alone': {
      ...RULES,
      exit: (state, me) => (state.claims.length > 1 ? exit(state, me) : {}),
    },
  })
})

test('a party leaves when all living parties of its generation have finished', t => {
  proves(t, leaving, RULES, {
    'leaves at once': { ...RULES, exit: (_, me) => ({ remove: [me.id] }) },
    'does not change to leaving': { ...RULES, exit: (state, me) => ({ ...exit(state, me), claims: [] }) },
    'waits for the next generation too': {
      ...RULES,
      exit: (state, me) =>
        exit({ ...state, claims: state.claims.map(one => ({ ...one, generation: me.generation })) }, me),
    },
    'waits for parties that are leaving': {
      ...RULES,
      exit: (state, me) => {
        const claims = state.claims.map(one => (one.state === 'leaving' ? { ...one, state: 'granted' as const } : one))
        return exit({ ...state, claims }, me)
      },
    },
  })
})

test('an arrival with another count gets a conflict, and the waiters are not affected', t => {
  proves(t, disagreement, RULES, {
    'ignores the count of the others': {
      ...RULES,
      entrance: count => (state, me) =>
        entrance(count)({ ...state, resource: { ...state.resource, capacity: count } }, me),
    },
    'compares with parties at work too': {
      ...RULES,
      entrance: count => (state, me) =>
        state.claims.length > 1 && state.resource.capacity !== count ? { conflict: 'no' } : entrance(count)(state, me),
    },
  })
})
