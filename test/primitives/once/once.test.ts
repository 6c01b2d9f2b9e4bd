import test from 'ava'
import fc from 'fast-check'
import type { Claim, Rule } from '../../../src/claims/model.js'
import { finishing } from '../../../src/primitives/once/finish.js'
import { admission, once, type TakenOver } from '../../../src/primitives/once/once.js'
import { describeRun, type PastRunRecord, withRun } from '../../../src/primitives/once/run-record.js'
import { granted } from '../../../src/primitives/primitive.js'
import { ensure, proves, Table, views } from '../model.js'

interface OnceRules {
  admission: (perMs: number) => Rule
  finishing: typeof finishing
}

const RULES: OnceRules = { admission, finishing }
const FOREVER = Number.POSITIVE_INFINITY

type OnceAct =
  | { what: 'arrive'; perMs: number }
  | { what: 'step' | 'die'; pick: number }
  | { what: 'end'; exitCode: number; keepMs: number }
  | { what: 'time passes'; ms: number }

const acts = (perMs: fc.Arbitrary<number>, keepMs: fc.Arbitrary<number>) =>
  fc.array<OnceAct>(
    fc.oneof(
      { weight: 3, arbitrary: fc.record({ what: fc.constant('arrive' as const), perMs }) },
      { weight: 4, arbitrary: fc.record({ what: fc.constant('step' as const), pick: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ what: fc.constant('die' as const), pick: fc.nat(9) }) },
      {
        weight: 3,
        arbitrary: fc.record({ what: fc.constant('end' as const), exitCode: fc.constantFrom(0, 0, 3), keepMs }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ what: fc.constant('time passes' as const), ms: fc.integer({ min: 1, max: 4 }) }),
      },
    ),
    { maxLength: 30, size: 'max' },
  )

interface Ended {
  exitCode: number
  startedAt: number
  /** The version of the step that recorded it. */
  at: number
  keptUntil: number
}

/** A key with its participants, and the history of its runs. */
class Key {
  readonly table: Table
  readonly ended: Ended[] = []
  readonly #perMs = new Map<string, number>()
  readonly #startedAt = new Map<string, number>()

  constructor(
    readonly rules: OnceRules,
    view: ReturnType<typeof once>,
  ) {
    this.table = new Table(view)
  }

  apply(act: OnceAct): void {
    const { table } = this
    if (act.what === 'time passes') table.now += act.ms * 1000
    if (act.what === 'die') this.#pick(table.claims, act.pick, one => this.die(one))
    if (act.what === 'end') this.#pick(table.granted, 0, one => this.end(one, act.exitCode, act.keepMs))
    if (act.what === 'step') this.#pick(table.waiting, act.pick, one => this.step(one))
    if (act.what === 'arrive') {
      const { me, answer } = table.arrive(this.rules.admission(act.perMs))
      this.#perMs.set(me.id, act.perMs)
      this.check(me, answer)
    }
    ensure(table.granted.length <= 1, 'two run at the same time')
  }

  step(one: Claim): void {
    this.check(one, this.table.step(one).answer)
  }

  /** Checks that a step did what the contract says. */
  check(me: Claim, answer: string | undefined): void {
    const expected = this.expected(me)
    const taken: TakenOver | undefined = answer === undefined ? undefined : JSON.parse(answer)
    const runs = this.table.find(me.id)?.state === 'granted'
    ensure(taken?.run.at === (typeof expected === 'object' ? expected.at : undefined), 'takes over another run')
    ensure(taken === undefined || taken.run.exitCode === (expected as Ended).exitCode, 'takes over another exit code')
    ensure(runs === (expected === 'run'), runs ? 'runs unexpectedly' : 'does not run')
    ensure((this.table.find(me.id) === undefined) === (taken !== undefined), 'leaves without a run, or stays with one')
    if (runs) this.#startedAt.set(me.id, this.table.now)
    if (runs) ensure(this.table.find(me.id)?.result === String(this.table.now), 'its start is not recorded')
  }

  /** What the contract says about a claim, computed from the history. */
  expected(me: Claim): Ended | 'run' | 'wait' {
    const { now, claims } = this.table
    const waitedFor = this.ended.filter(({ at }) => at > me.ticket)
    if (waitedFor.length > 0) return waitedFor.at(-1) as Ended
    const since = now - (this.#perMs.get(me.id) as number) * 1000
    const success = this.ended.findLast(({ exitCode }) => exitCode === 0)
    if (success && success.startedAt > since && success.keptUntil > now) return success
    return claims.some(({ ticket }) => ticket < me.ticket) ? 'wait' : 'run'
  }

  end(one: Claim, exitCode: number, keepMs: number): void {
    const { table } = this
    const startedAt = this.#startedAt.get(one.id) as number
    const finish = this.finish(one, exitCode, keepMs)
    ensure(table.step(one, finish).admitted, 'its end was refused')
    ensure(table.find(one.id) === undefined, 'its claim still exists after the end')
    this.ended.push({ exitCode, startedAt, at: table.resource.version, keptUntil: table.now + keepMs * 1000 })
    const again = table.verdictWithoutClaim(one, finish)
    ensure('remove' in again && !again.resource, 'a repeated end is recorded again')
  }

  /** The claim dies. A later end must record nothing. */
  die(one: Claim): void {
    this.table.remove(one)
    const late = this.table.verdictWithoutClaim(one, this.finish(one, 0, FOREVER))
    ensure(Object.keys(late).length === 0, 'a runner without a claim recorded a run')
  }

  finish(one: Claim, exitCode: number, keepMs: number): Rule {
    const end = { exitCode, startedAt: Number(one.result), host: 'web-1', pid: 1, user: 'u', command: 'c' }
    return this.rules.finishing(end, one.token, keepMs)
  }

  #pick(claims: readonly Claim[], pick: number, then: (one: Claim) => void): void {
    const one = claims[pick % claims.length]
    if (one) then(one)
  }
}

const contract = (rules: OnceRules) =>
  fc.property(
    acts(fc.constantFrom(3, 8, FOREVER), fc.constantFrom(2, FOREVER)),
    views(once(FOREVER)),
    (history, view) => {
      const key = new Key(rules, view as ReturnType<typeof once>)
      for (const act of history) key.apply(act)
      // every participant that is left gets an outcome
      for (let left = key.table.claims.length; left > 0; left = key.table.claims.length) {
        for (const one of key.table.waiting) if (key.table.find(one.id)?.state === 'waiting') key.step(one)
        for (const one of key.table.granted) key.end(one, 3, FOREVER)
        ensure(key.table.claims.length < left, 'a participant waits for ever')
      }
    },
  )

/** The contract in the words of a user, without tickets. */
const atMostOnce = (rules: OnceRules) =>
  fc.property(fc.constantFrom(5, FOREVER), acts(fc.constant(0), fc.constant(FOREVER)), (perMs, history) => {
    const key = new Key(rules, once(perMs))
    key.check = () => {}
    const starts: number[] = []
    const end = key.end.bind(key)
    key.end = (one, exitCode, keepMs) => {
      end(one, exitCode, keepMs)
      if (exitCode === 0) starts.push(Number(one.result))
    }
    for (const act of history) key.apply(act.what === 'arrive' ? { ...act, perMs } : act)
    const [first, ...more] = starts
    more.reduce((before, start) => {
      ensure(start - before >= perMs * 1000, 'two successes in one period')
      return start
    }, first as number)
  })

const mutants: Record<string, OnceRules> = {
  'ignores earlier runs': {
    ...RULES,
    admission: () => (state, me) =>
      state.claims.some(({ ticket }) => ticket < me.ticket) ? {} : granted(me, { result: String(state.now) }),
  },
  'a failure erases an earlier success': {
    ...RULES,
    finishing: (end, token, keepMs) => (state, me) =>
      finishing(
        end,
        token,
        keepMs,
      )(end.exitCode === 0 ? state : { ...state, resource: { ...state.resource, record: undefined } }, me),
  },
}

test('waiters take over each run, later participants a success; others run', t => {
  proves(t, contract, RULES, {
    ...mutants,
    'does not wait for claims ahead': {
      ...RULES,
      admission: perMs => (state, me) => admission(perMs)({ ...state, claims: [me] }, me),
    },
    'takes over every run': {
      ...RULES,
      admission: perMs => (state, me) => admission(perMs)(state, { ...me, ticket: 0 }),
    },
    'takes over only runs that ended before its arrival': {
      ...RULES,
      admission: perMs => (state, me) => admission(perMs)(state, { ...me, ticket: FOREVER }),
    },
    'never forgets': { ...RULES, admission: () => admission(FOREVER) },
    'keeps a success after its time': {
      ...RULES,
      admission: perMs => (state, me) =>
        admission(perMs)({ ...state, resource: { ...state.resource, value: FOREVER } }, me),
    },
    'counts the period from the end': {
      ...RULES,
      finishing: (end, token, keepMs) => (state, me) =>
        finishing({ ...end, startedAt: state.now }, token, keepMs)(state, me),
    },
    'records without a claim': {
      ...RULES,
      finishing: (end, token, keepMs) => (state, me) =>
        finishing(end, token, keepMs)(state, { ...me, state: 'granted', ...(token ? { token } : {}) }),
    },
    'does not recognize its own run': {
      ...RULES,
      finishing: (end, _, keepMs) => (state, me) =>
        me.state === 'granted'
          ? { remove: [me.id], resource: withRun(state, { ...RUN, ...end, at: state.resource.version }, keepMs) }
          : {},
    },
    'a failure prolongs an earlier success': {
      ...RULES,
      finishing: (end, token, keepMs) => (state, me) => {
        const change = finishing(end, token, keepMs)(state, me)
        const longer = !('conflict' in change) && change.resource && end.exitCode !== 0
        return longer ? { ...change, resource: { ...change.resource, value: FOREVER } } : change
      },
    },
  })
})

test('a key never has two successes within a period', t => {
  proves(t, atMostOnce, RULES, mutants)
})

const RUN: PastRunRecord = {
  ...{ id: 'x', exitCode: 3, host: 'web-1', pid: 4312, user: 'deploy', command: 'migrate.sh', at: 1 },
  startedAt: Date.UTC(2026, 10, 21, 16, 40, 12, 999) * 1000,
  finishedAt: Date.UTC(2026, 10, 21, 16, 40, 13) * 1000,
}

test('a past run is described with host, exit code, PID and time', t => {
  const now = RUN.startedAt + 192_900_000
  const run = 'pid 4312, started 2026-11-21 16:40:12 UTC, 3m12s ago)'
  t.is(describeRun({ ...RUN, exitCode: 0 }, now), `already done on web-1 (${run}`)
  t.is(describeRun(RUN, now), `already failed on web-1 (exit 3, ${run}`)
  t.is(describeRun({ ...RUN, message: 'no paper' }, now), `already failed on web-1 (${run}: no paper`)
  t.regex(describeRun(RUN, RUN.startedAt - 5_000_000), /, 0s ago/, 'by a clock that is behind')
})
