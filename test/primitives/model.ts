/**
 * What the rules are tested on: one resource and its claims, moved as a store moves them, with nothing else around; generated
 * histories of what participants may do; and the two directions of every test, that a property holds for the rule and
 * that it finds a rule which is broken on purpose.
 */
import type { ExecutionContext } from 'ava'
import fc from 'fast-check'
import type { WaitPolicy } from '../../src/claims/acquire.js'
import {
  applied,
  type Change,
  type Claim,
  type ClaimRequest,
  type Conflict,
  freshClaim,
  type Resource,
  type ResourceState,
  type Rule,
} from '../../src/claims/model.js'

export type ModelSpec = Partial<Omit<ClaimRequest, 'id' | 'leaseMs'>>

export interface ModelStep {
  /** As it was when it made the step. */
  me: Claim
  /** Among all there were, in order of arrival. */
  before: readonly Claim[]
  after: readonly Claim[]
  /** Those whom the step has let on: they were not granted before. */
  grants: readonly Claim[]
  /** Whether the step has let me on. */
  admitted: boolean
  /** What the rule has told it. */
  answer?: string | undefined
  conflict?: string
}

const LEASE_MS = 1000

type View = Pick<WaitPolicy, 'onlyAhead' | 'outOfOrder'>
const EVERYBODY: View = { onlyAhead: false }
const EVERYTHING = Number.POSITIVE_INFINITY

/** A kind of resource as it is read, and as it may be read: whole. */
export const views = (view: View) => fc.constantFrom(view, EVERYBODY)

export class Table {
  claims: readonly Claim[] = []
  /** Who has not been heard of for longer than a lease, and has not been judged dead yet. */
  readonly silent = new Set<string>()
  /** The server's clock, µs. */
  now = 1_000_000
  resource: Resource = {
    version: 0,
    grantedToken: undefined,
    capacity: undefined,
    value: 0,
    generation: 0,
    record: undefined,
  }
  readonly #rules = new Map<string, Rule>()
  #made = 0

  /** What those in the queue are shown when they look and step: newcomers may see all in any case. */
  constructor(readonly view: View = EVERYBODY) {}

  get waiting(): Claim[] {
    return this.claims.filter(({ state }) => state === 'waiting')
  }

  get granted(): Claim[] {
    return this.claims.filter(({ state }) => state === 'granted')
  }

  /** A newcomer's first step. */
  arrive(rule: Rule, ask: ModelSpec = {}): ModelStep {
    const request = { ...ask, id: `p${++this.#made}`, leaseMs: LEASE_MS }
    this.#rules.set(request.id, rule)
    return this.#step(freshClaim(request, this.resource.version + 1, 'process'))
  }

  /** Another step of somebody who is there, by the rule it came with, or by that for leaving. */
  step({ id }: Claim, rule = this.#ruleOf(id)): ModelStep {
    this.silent.delete(id)
    return this.#step(this.find(id) as Claim, rule)
  }

  /** What a step would bring, had it been made. */
  verdict({ id }: Claim): Change | Conflict {
    const me = this.find(id) as Claim
    return this.#ruleOf(id)(this.#state(this.claims, this.view.onlyAhead ? me.ticket : EVERYTHING), me)
  }

  wouldGo(claim: Claim): boolean {
    const verdict = this.verdict(claim)
    if ('conflict' in verdict) return false
    const granted = verdict.claims?.some(({ id, state }) => id === claim.id && state === 'granted')
    return granted === true || verdict.remove?.includes(claim.id) === true
  }

  /** It leaves, or is dead and reaped: the others can't tell. */
  vanish({ id }: Claim): void {
    this.silent.delete(id)
    this.claims = this.claims.filter(claim => claim.id !== id)
  }

  find(id: string): Claim | undefined {
    return this.claims.find(claim => claim.id === id)
  }

  #ruleOf(id: string): Rule {
    return this.#rules.get(id) as Rule
  }

  /** A step of somebody whose claim is gone, that waits for nothing. */
  verdictWithout({ id }: Claim, rule: Rule): Change | Conflict {
    const me = freshClaim({ id, leaseMs: LEASE_MS }, this.resource.version + 1, 'process')
    return rule(this.#state([...this.claims, me], EVERYTHING), me)
  }

  #state(claims: readonly Claim[], upTo: number): ResourceState {
    const seen = claims
      .filter(({ ticket }) => ticket <= upTo)
      .map(claim => ({ ...claim, overdueMs: this.silent.has(claim.id) ? 1 : -LEASE_MS }))
    return { resource: this.resource, claims: seen, upTo, now: this.now }
  }

  #step(me: Claim, rule = this.#ruleOf(me.id)): ModelStep {
    const version = this.resource.version + 1
    const known = this.find(me.id) !== undefined
    const before = known ? this.claims : [...this.claims, me]
    const { onlyAhead, outOfOrder } = this.view
    const state = this.#state(before, known && onlyAhead && !outOfOrder ? me.ticket : EVERYTHING)
    const verdict = rule({ ...state, resource: { ...this.resource, version } }, me)
    if ('conflict' in verdict) return { me, before, after: this.claims, grants: [], admitted: false, ...verdict }
    this.claims = applied(verdict, before, version)
    this.resource = { ...this.resource, ...verdict.resource, version }
    const already = new Set(before.filter(({ state }) => state === 'granted').map(({ id }) => id))
    const grants = this.granted.filter(({ id }) => !already.has(id))
    const admitted = this.find(me.id)?.state === 'granted' || (verdict.remove ?? []).includes(me.id)
    return { me, before, after: this.claims, grants, admitted, answer: verdict.answer }
  }
}

/** What can happen; `who` picks one of those to whom it can happen. */
export type Event<A> =
  | { what: 'arrive'; ask: A }
  /** `step`: one who waits; `finish`: one who was let on; `cancel`: one who waits; `die`, `silence`: anybody. */
  | { what: 'step' | 'finish' | 'cancel' | 'die' | 'silence'; who: number }

export function histories<A>(ask: fc.Arbitrary<A>, silence = 0): fc.Arbitrary<Event<A>[]> {
  const weights = { step: 5, finish: 3, cancel: 1, die: 1, silence }
  const others = (Object.keys(weights) as (keyof typeof weights)[]).map(what => ({
    weight: weights[what],
    arbitrary: fc.record({ what: fc.constant(what), who: fc.nat(20) }),
  }))
  const arrival = { weight: 6, arbitrary: fc.record({ what: fc.constant('arrive' as const), ask }) }
  return fc.array<Event<A>>(fc.oneof(arrival, ...others), { maxLength: 30, size: 'max' })
}

/**
 * Lets it happen. `enter` is a newcomer's first step, `finish` what somebody does who was let on.
 * @returns the step, where there was one
 */
export function happen<A>(
  table: Table,
  event: Event<A>,
  enter: (ask: A) => ModelStep,
  finish = (claim: Claim): ModelStep | undefined => void table.vanish(claim),
): ModelStep | undefined {
  if (event.what === 'arrive') return enter(event.ask)
  const circle = { step: table.waiting, finish: table.granted, cancel: table.waiting }[event.what as string]
  const those = circle ?? table.claims
  const one = those[event.who % those.length]
  if (!one) return undefined
  if (event.what === 'step') return table.step(one)
  if (event.what === 'finish') return finish(one)
  if (event.what === 'silence') table.silent.add(one.id)
  else table.vanish(one)
  return undefined
}

/** Everybody who waits looks and steps as often as it helps. @returns their steps */
export function settle(table: Table): ModelStep[] {
  const steps: ModelStep[] = []
  for (let helped = true; helped; ) {
    helped = false
    for (const { id } of table.waiting) {
      const claim = table.find(id)
      if (claim?.state !== 'waiting') continue
      const step = table.step(claim)
      steps.push(step)
      helped ||= step.admitted || step.grants.length > 0
    }
  }
  return steps
}

/** Who has been let on finishes, again and again, until nobody is left or nobody moves. @returns who was served */
export function drain(table: Table): string[] {
  const served: string[] = []
  for (;;) {
    for (const { me, grants, admitted } of settle(table)) {
      served.push(...grants.map(({ id }) => id))
      if (admitted && grants.length === 0) served.push(me.id)
    }
    const { granted } = table
    if (granted.length === 0) return served
    for (const claim of granted) table.vanish(claim)
  }
}

export function ensure(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message)
}

export function ahead(claims: readonly Claim[], me: Claim): Claim[] {
  return claims.filter(({ ticket }) => ticket < me.ticket)
}

export const units = (claims: readonly Claim[]) => claims.reduce((sum, claim) => sum + claim.units, 0)

const RUNS = 100

/** The property holds for the rule, and finds each of those that are broken. */
export function proves<R>(
  t: ExecutionContext,
  property: (rule: R) => fc.IRawProperty<unknown, false>,
  rule: R,
  broken: Record<string, R>,
): void {
  fc.assert(property(rule), { numRuns: RUNS })
  for (const [name, mutant] of Object.entries(broken)) {
    const { failed } = fc.check(property(mutant), { numRuns: 20 * RUNS, endOnFailure: true })
    t.true(failed, `the property does not find this broken rule: ${name}`)
  }
}
