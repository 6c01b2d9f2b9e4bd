/**
 * The test bench of the rules: a model of one resource, which applies steps as a store does; generated histories of events; and
 * `proves`, which checks that a property holds for the rule and fails for each rule that is broken on purpose.
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
  /** The claim that steps, before the step. */
  me: Claim
  /** All claims before the step, in order of arrival. */
  before: readonly Claim[]
  after: readonly Claim[]
  /** The claims that the step has granted. */
  grants: readonly Claim[]
  /** Whether `me` was granted or has passed. */
  admitted: boolean
  /** The answer of the rule. */
  answer?: string | undefined
  conflict?: string
}

const LEASE_MS = 1000

type View = Pick<WaitPolicy, 'onlyAhead' | 'outOfOrder'>
const ALL_CLAIMS: View = { onlyAhead: false }
const ALL_TICKETS = Number.POSITIVE_INFINITY

/** How much a step or poll reads: what the policy asks for, or every claim. The rule must hold for both. */
export const views = (view: View) => fc.constantFrom(view, ALL_CLAIMS)

export class Table {
  claims: readonly Claim[] = []
  /** Ids of claims whose lease has run out, but which are not reaped yet. */
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

  /** `view`: what later polls and steps read. The first step of a newcomer reads every claim. */
  constructor(readonly view: View = ALL_CLAIMS) {}

  get waiting(): Claim[] {
    return this.claims.filter(({ state }) => state === 'waiting')
  }

  get granted(): Claim[] {
    return this.claims.filter(({ state }) => state === 'granted')
  }

  /** The first step of a newcomer. */
  arrive(rule: Rule, ask: ModelSpec = {}): ModelStep {
    const request = { ...ask, id: `p${++this.#made}`, leaseMs: LEASE_MS }
    this.#rules.set(request.id, rule)
    return this.#step(freshClaim(request, this.resource.version + 1, 'process'))
  }

  /** A later step of a claim, by the rule of its first step or by `rule`. */
  step({ id }: Claim, rule = this.#ruleOf(id)): ModelStep {
    this.silent.delete(id)
    return this.#step(this.find(id) as Claim, rule)
  }

  /** The verdict of the rule, without a step. */
  verdict({ id }: Claim): Change | Conflict {
    const me = this.find(id) as Claim
    return this.#ruleOf(id)(this.#state(this.claims, this.view.onlyAhead ? me.ticket : ALL_TICKETS), me)
  }

  mayPass(claim: Claim): boolean {
    const verdict = this.verdict(claim)
    if ('conflict' in verdict) return false
    const granted = verdict.claims?.some(({ id, state }) => id === claim.id && state === 'granted')
    return granted === true || verdict.remove?.includes(claim.id) === true
  }

  /** Removes a claim that leaves, or that is dead and reaped: the rules cannot tell the difference. */
  remove({ id }: Claim): void {
    this.silent.delete(id)
    this.claims = this.claims.filter(claim => claim.id !== id)
  }

  find(id: string): Claim | undefined {
    return this.claims.find(claim => claim.id === id)
  }

  #ruleOf(id: string): Rule {
    return this.#rules.get(id) as Rule
  }

  /** The verdict for a participant whose claim no longer exists. */
  verdictWithoutClaim({ id }: Claim, rule: Rule): Change | Conflict {
    const me = freshClaim({ id, leaseMs: LEASE_MS }, this.resource.version + 1, 'process')
    return rule(this.#state([...this.claims, me], ALL_TICKETS), me)
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
    const state = this.#state(before, known && onlyAhead && !outOfOrder ? me.ticket : ALL_TICKETS)
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

/** An event. `pick` chooses one of the claims that it can happen to. */
export type Event<A> =
  | { what: 'arrive'; ask: A }
  /** `step` and `cancel` need a waiter, `finish` needs a holder; `die` and `silence` can happen to every claim. */
  | { what: 'step' | 'finish' | 'cancel' | 'die' | 'silence'; pick: number }

export function histories<A>(ask: fc.Arbitrary<A>, silence = 0): fc.Arbitrary<Event<A>[]> {
  const weights = { step: 5, finish: 3, cancel: 1, die: 1, silence }
  const others = (Object.keys(weights) as (keyof typeof weights)[]).map(what => ({
    weight: weights[what],
    arbitrary: fc.record({ what: fc.constant(what), pick: fc.nat(20) }),
  }))
  const arrival = { weight: 6, arbitrary: fc.record({ what: fc.constant('arrive' as const), ask }) }
  return fc.array<Event<A>>(fc.oneof(arrival, ...others), { maxLength: 30, size: 'max' })
}

/**
 * Applies an event. `enter`: the first step of a newcomer. `finish`: what a holder does when it has finished.
 * @returns the step, if the event makes one
 */
export function applyEvent<A>(
  table: Table,
  event: Event<A>,
  enter: (ask: A) => ModelStep,
  finish = (claim: Claim): ModelStep | undefined => void table.remove(claim),
): ModelStep | undefined {
  if (event.what === 'arrive') return enter(event.ask)
  const limited = { step: table.waiting, finish: table.granted, cancel: table.waiting }[event.what as string]
  const claims = limited ?? table.claims
  const one = claims[event.pick % claims.length]
  if (!one) return undefined
  if (event.what === 'step') return table.step(one)
  if (event.what === 'finish') return finish(one)
  if (event.what === 'silence') table.silent.add(one.id)
  else table.remove(one)
  return undefined
}

/** All waiters step until no step grants anything. @returns their steps */
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

/** All holders finish, repeatedly, until no claim is left or no step grants anything. @returns the ids of the served claims */
export function drain(table: Table): string[] {
  const served: string[] = []
  for (;;) {
    for (const { me, grants, admitted } of settle(table)) {
      served.push(...grants.map(({ id }) => id))
      if (admitted && grants.length === 0) served.push(me.id)
    }
    const { granted } = table
    if (granted.length === 0) return served
    for (const claim of granted) table.remove(claim)
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

/** Checks that the property holds for the rule, and that it fails for each broken rule. */
export function proves<R>(
  t: ExecutionContext,
  property: (rule: R) => fc.IRawProperty<unknown, false>,
  rule: R,
  broken: Record<string, R>,
): void {
  fc.assert(property(rule), { numRuns: RUNS })
  for (const [name, mutant] of Object.entries(broken)) {
    const { failed } = fc.check(property(mutant), { numRuns: 20 * RUNS, endOnFailure: true })
    t.true(failed, `the property holds for a broken rule: ${name}`)
  }
}
