/**
 * The model of the lock tables: named resources, each with its claims in order of arrival, and the step, the only way to grant.
 *
 * 1. A claim is an ephemeral row: one participant at one resource. It lives as long as its process renews it.
 * 2. A **step** is one transaction: it increases the resource's version, reads the claims, calls a pure rule, writes the change that
 *    the rule returns, and commits.
 * 3. Each step changes the resource's row first. So the steps of one resource are serialized, on every server and cluster, and each
 *    decides on the current claims.
 *
 * The model is ZooKeeper's ephemeral sequential node.
 * @see https://zookeeper.apache.org/doc/current/recipes.html
 */

import type { Deadline } from '../deadline.js'
import type { Owner } from './owner.js'

/** Names a resource. `kind` selects the rule. */
export interface ResourceKey {
  kind: string
  /** Compared byte by byte. */
  name: string
}

export interface Resource {
  /** Grows with every step: µs since 1970, or more. 0: the resource has not been used yet. */
  version: number
  /** The token of the newest grant. */
  grantedToken: number | undefined
  /** Permits of a semaphore, parties of a barrier. */
  capacity: number | undefined
  /** A counter's value. At a gate: when it opens by itself. With a record: until when it is kept. Times are µs since 1970. */
  value: number
  /** The number of releases of a barrier. */
  generation: number
  /** Data of the kind that outlives its claims, as JSON. */
  record: string | undefined
}

/** `leaving`: a party of a double barrier that has finished and waits for the others to finish. */
export type ClaimState = 'waiting' | 'granted' | 'leaving'

/** A request for a claim. The requester chooses the id, so that a repeated request makes no second claim. */
export interface ClaimRequest {
  id: string
  leaseMs: number
  /** How the rule treats the claim: `read`, `write`, … */
  mode?: string
  /** Units of a semaphore, amount of a counter, mates of a rendezvous. */
  units?: number
  /** The participant's name at the resource. */
  tag?: string
  labels?: string
  selector?: string
  payload?: string
  /** The owner to show, if this process makes the claim for another participant. */
  owner?: Owner
  /** The process that renews the claim, if it is not this one, or not this one alone. */
  processId?: string
}

/** The `processId` of a claim that no process renews. Its lease runs from the grant and ends by the server's clock. */
export const NO_PROCESS = ''

/** A lease that never ends, ms. It is the greatest number that the column can store. */
export const NEVER_MS = 2 ** 32 - 1

export interface Claim extends Required<Pick<ClaimRequest, 'id' | 'leaseMs' | 'units'>> {
  /** The resource's version when the claim was made: its place in the queue. */
  ticket: number
  /** The resource's version when it was granted: the fencing token. */
  token: number | undefined
  state: ClaimState
  processId: string
  mode: string | undefined
  slot: number | undefined
  /** At a barrier: the generation that the claim was granted in. At a pool: the version of the step that last notified the holder. */
  generation: number | undefined
  tag: string | undefined
  labels: string | undefined
  selector: string | undefined
  payload: string | undefined
  /** Data for the claim's own process. */
  result: string | undefined
  /** The number of renewals. A claim whose number does not change for its lease expires. */
  renewals: number
  /** Time since the end of the lease, ms by the server's clock; negative before. A hint: only NO_PROCESS claims expire by it. */
  overdueMs: number
  /** Age of the recorded sighting of these renewals, ms by the server's clock; undefined without one. */
  seenForMs: number | undefined
}

/** One resource with its claims, as one statement read them. */
export interface ResourceState {
  resource: Resource
  /** In order of arrival. */
  claims: readonly Claim[]
  /** Claims with tickets up to this one were read. */
  upTo: number
  /** The server's time, µs since 1970. */
  now: number
}

/** New values of a claim. State `granted` makes the step's version its token. A new lease applies from the next renewal. */
export interface ClaimChange extends Partial<Pick<Claim, 'slot' | 'generation' | 'result' | 'leaseMs' | 'processId'>> {
  id: string
  state: ClaimState
}

/** What a step writes: all of it, or nothing if a row has changed meanwhile. */
export interface Change {
  claims?: readonly ClaimChange[]
  /** Ids of claims to remove. */
  remove?: readonly string[]
  /** Ids of granted claims whose holder this step notifies: their generation is set to the step's version. */
  notified?: readonly string[]
  /**
   * The result for a claim that need not wait any longer. It reports a past event that no later step changes. So a waiter whose poll
   * finds an answer may leave without a step.
   */
  answer?: string
  resource?: Partial<Pick<Resource, 'capacity' | 'value' | 'generation' | 'record'>>
}

/** Participants disagree. The step writes nothing and fails with SeraError `conflict` and this reason. */
export interface Conflict {
  conflict: string
}

/** An admission rule: what changes, given the living claims, with `me` among them? Pure. An empty change means wait. */
export type Rule = (state: ResourceState, me: Claim) => Change | Conflict

/** A rule's verdict, with the dead claims to reap and the claims to record a sighting of. */
export type Decision = (Change | Conflict) & { dead?: readonly Claim[]; sighted?: readonly Claim[] }

export interface StepResult {
  /** The own claim after the step; undefined when it is not in the tables. */
  mine: Claim | undefined
  /** Whether the rule granted the claim, or removed it because it may pass. */
  admitted: boolean
  /** The rule's answer. It is not written. */
  answer?: string | undefined
  /** A time before the step was sent, ms on the boot clock. A grant or renewal is valid for a lease from then. */
  sentAt: number
}

export interface StepOptions extends Deadline {
  /** Whether a claim that must wait joins the queue. Otherwise the step only reaps dead claims and records sightings. */
  join: boolean
  /**
   * The claims to read: all; those up to a ticket, that of the own claim; or the oldest, for a newcomer where only claims ahead
   * matter and more of them never help. Grant only after reading every claim that the rule depends on.
   */
  read: 'all' | number | { oldest: number }
  /**
   * For a waiter: how long a step with an unknown outcome is repeated, ms. Contention alone does not end a waiter's step before
   * `until`.
   */
  withinMs?: number | undefined
}

/** A claim with its owner, to show to a person. */
export interface ClaimWithOwner extends Claim {
  host: string
  pid: number
  user: string
  command: string
  /** Time since it entered its state, ms by the server's clock. */
  sinceMs: number
}

/**
 * The lock tables. Every method retries a transient error until its deadline and then throws SeraError `lock-failed`. A retry is
 * safe, because every write names a claim's id.
 */
export interface ClaimStore {
  /** The id of this process in the tables. */
  readonly processId: string
  /** The owner that is shown for this process's claims. */
  readonly owner: Owner
  step(
    key: ResourceKey,
    mine: ClaimRequest,
    decide: (state: ResourceState, me: Claim) => Decision,
    options: StepOptions,
  ): Promise<StepResult>
  /**
   * Reads resources, in the order of the requests. The result may be slightly stale. With a ticket to read up to, a claim comes
   * without its contents (tag, labels, selector, payload, result). With Infinity it comes without its payload only.
   */
  look(requests: readonly LookRequest[], deadline: Deadline): Promise<ResourceState[]>
  /** Reads the oldest claims of a resource, without their contents. */
  front(key: ResourceKey, oldest: number, deadline: Deadline): Promise<ResourceState>
  /** Renews claims. @returns the ids of those that still exist */
  renew(ids: readonly string[], deadline: Deadline): Promise<Set<string>>
  /**
   * Removes a claim, or only if it is in that state.
   *
   * @returns whether it existed; undefined when it does not exist, and an earlier try whose answer was lost may have removed it
   */
  remove(id: string, deadline: Deadline, onlyIf?: ClaimState): Promise<boolean | undefined>
  /** Records sightings of claims whose lease is over and that have no valid one, at most `most`. */
  sight(most: number, deadline: Deadline): Promise<void>
  /**
   * Resources with claims to reap, at most `most`: claims whose sighting is older than their lease and `afterMs`, or that have no
   * process. A hint: only a step reaps.
   */
  expired(afterMs: number, most: number, deadline: Deadline): Promise<ResourceKey[]>
  /** All claims of a resource with their owners, in order of arrival. */
  listClaims(key: ResourceKey, deadline: Deadline): Promise<ClaimWithOwner[]>
  /** Closes idle connections: the next call is not expected soon. */
  rest(): void
  close(): Promise<void>
}

export interface LookRequest {
  key: ResourceKey
  upTo: number
}

/** The claim that a request makes, before it is written. */
export function freshClaim({ owner: _, ...request }: ClaimRequest, ticket: number, processId: string): Claim {
  return {
    ...request,
    ticket,
    token: undefined,
    state: 'waiting',
    processId: request.processId ?? processId,
    mode: request.mode,
    units: request.units ?? 1,
    slot: undefined,
    generation: undefined,
    tag: request.tag,
    labels: request.labels,
    selector: request.selector,
    payload: request.payload,
    result: undefined,
    renewals: 0,
    overdueMs: -request.leaseMs,
    seenForMs: undefined,
  }
}

/** Whether a verdict does more than wait. */
export function moves(verdict: Change | Conflict): boolean {
  if ('conflict' in verdict) return true
  return [verdict.claims, verdict.remove, verdict.notified].some(list => (list?.length ?? 0) > 0)
}

/** The result of a step for the own claim. */
export function resultOf(change: Change, mine: Claim | undefined, id: string, sentAt: number): StepResult {
  const admitted = mine?.state === 'granted' || (change.remove ?? []).includes(id)
  return { mine, admitted, answer: change.answer, sentAt }
}

/** Applies a change to the claims that a step has read. Every store uses it. */
export function applied(change: Change, claims: readonly Claim[], version: number): Claim[] {
  const removed = new Set(change.remove)
  const notified = new Set(change.notified)
  const changes = new Map(change.claims?.map(one => [one.id, one]))
  return claims
    .filter(({ id }) => !removed.has(id))
    .map(claim => {
      const to = changes.get(claim.id)
      if (notified.has(claim.id)) return { ...claim, generation: version }
      return to ? { ...claim, ...to, token: to.state === 'granted' ? version : claim.token } : claim
    })
}
