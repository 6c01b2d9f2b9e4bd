/**
 * The lock tables as everything above the store sees them: named resources, each with its claims in order of arrival, and
 * one way to change them.
 *
 * A claim is an ephemeral row: one participant's place at one resource. It lives as long as its process renews it. Every
 * decision about a resource is a **step**: one transaction that moves the resource's version on, reads all its claims, asks a
 * pure function what is to change, writes that, and commits. Steps of one resource therefore happen one after the other,
 * on every server and cluster, and whatever they decide they decide on the whole truth.
 *
 * The model is ZooKeeper's ephemeral sequential node.
 * @see https://zookeeper.apache.org/doc/current/recipes.html
 */

import type { Deadline } from '../deadline.js'
import type { Owner } from './owner.js'

/** What is waited for. `kind` names the rules by which it is granted. */
export interface ResourceKey {
  kind: string
  /** Compared byte by byte. */
  name: string
}

export interface Resource {
  /** Grows with every step and never repeats, µs since 1970 or more. 0: the resource has not been used yet. */
  version: number
  /** The newest grant's token. */
  grantedToken: number | undefined
  /** Permits of a semaphore, parties of a barrier. */
  capacity: number | undefined
  /** A counter's value; a gate's time to open by itself; where there is a record, until when it is kept, µs since 1970. */
  value: number
  /** How many times a barrier has let its parties go. */
  generation: number
  /** What a kind of its own wants remembered beyond its claims, as JSON. */
  record: string | undefined
}

/** `leaving`: has had what it came for, and waits for the others to have it too. */
export type ClaimState = 'waiting' | 'granted' | 'leaving'

/** What a participant asks for. Its id is made by whoever asks, so that asking twice is asking once. */
export interface ClaimRequest {
  id: string
  leaseMs: number
  /** Which of a kind's rules applies: `read`, `write`, … */
  mode?: string
  /** How much of it. */
  units?: number
  /** The participant's name among the others. */
  tag?: string
  labels?: string
  selector?: string
  payload?: string
  /** Whose claim it is for people, where this process makes it for somebody else. */
  owner?: Owner
  /** Who renews it, where that is not this process, or not this process alone. */
  processId?: string
}

/**
 * In the place of a process: nobody renews the claim. It has a lease from when it was granted, by the server's clock, and is dead
 * when that is over.
 */
export const NO_PROCESS = ''

/** As a lease, ms: nobody takes the claim for dead. Longer ones the tables have no room for. */
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
  /** The round of a barrier that it was granted in; of a pool's holder: when others were last told of the grant. */
  generation: number | undefined
  tag: string | undefined
  labels: string | undefined
  selector: string | undefined
  payload: string | undefined
  /** Told to its own process only. */
  result: string | undefined
  /** Counts the renewals; a claim whose count stands still is dead sooner or later. */
  renewals: number
  /** By the server's clock, ms; negative while the lease runs. A hint: no claim with a process expires by this alone. */
  overdueMs: number
  /** How long ago, by the server's clock, a step recorded that it saw these renewals; undefined when none has. */
  seenForMs: number | undefined
}

/** One resource as one statement read it. */
export interface ResourceState {
  resource: Resource
  /** In order of arrival. */
  claims: readonly Claim[]
  /** Up to which ticket claims were read. */
  upTo: number
  /** The server's time, µs since 1970. */
  now: number
}

/** New values of a claim. `granted` gives it the step's version as token; another lease counts from its next renewal. */
export interface ClaimChange extends Partial<Pick<Claim, 'slot' | 'generation' | 'result' | 'leaseMs' | 'processId'>> {
  id: string
  state: ClaimState
}

/** What a step writes; nothing of it, when anything of it no longer fits. */
export interface Change {
  claims?: readonly ClaimChange[]
  /** Claims that leave, by id. */
  remove?: readonly string[]
  /** Claims of others, by id, of whose grant it is told: the step's version becomes their generation. */
  notified?: readonly string[]
  /**
   * What a claim that need not wait any longer takes with it. It tells of what has happened, which no step can change any
   * more: whoever finds one at a look can go, too.
   */
  answer?: string
  resource?: Partial<Pick<Resource, 'capacity' | 'value' | 'generation' | 'record'>>
}

/** Participants disagree: a step that finds this changes nothing, and says why (SeraError `conflict`). */
export interface Conflict {
  conflict: string
}

/**
 * An admission rule: what is to change, now that `me` is among the claims. Pure. An empty change: wait.
 * It sees living claims only.
 */
export type Rule = (state: ResourceState, me: Claim) => Change | Conflict

/** A rule's answer, with the dead claims that are reaped, and those of which a sighting is recorded. */
export type Decision = (Change | Conflict) & { dead?: readonly Claim[]; sighted?: readonly Claim[] }

export interface StepResult {
  /** My claim after the step; undefined when it is not (or no longer) in the tables. */
  mine: Claim | undefined
  /** Whether the rule has let it on: granted it, or let it pass without leaving a claim. */
  admitted: boolean
  /** What the rule has told it; nothing of it is written. */
  answer?: string | undefined
  /** Boot clock, ms: before anything of the step was sent. Whatever it granted or renewed lives a lease from then. */
  sentAt: number
}

export interface StepOptions extends Deadline {
  /** Whether a claim that has to wait stays in the queue; otherwise nothing is written but what became of the dead. */
  join: boolean
  /**
   * Which claims the rule needs to see: all; those up to mine, with its ticket; or the oldest, for a newcomer to a
   * queue where only those ahead matter and more of them never help. Whoever may be let on is judged by all that matter.
   */
  read: 'all' | number | { oldest: number }
  /**
   * Of a waiter: how long a step whose outcome is in doubt is repeated, ms. Contention alone does not end a waiter's step before
   * `until`.
   */
  withinMs?: number | undefined
}

/** A claim as a person wants to see it. */
export interface ClaimWithOwner extends Claim {
  host: string
  pid: number
  user: string
  command: string
  /** For how long it has been in its state, ms by the server's clock. */
  sinceMs: number
}

/**
 * The tables, wherever they are. Every method repeats itself until its deadline while an error is transient, and then throws
 * SeraError `lock-failed`. Repeating is harmless: whatever is done is done by a claim's id.
 */
export interface ClaimStore {
  /** Names this process among the owners of claims. */
  readonly processId: string
  /** Whose claims they are, for people. */
  readonly owner: Owner
  step(
    key: ResourceKey,
    mine: ClaimRequest,
    decide: (state: ResourceState, me: Claim) => Decision,
    options: StepOptions,
  ): Promise<StepResult>
  /**
   * Resources as they are, or were a moment ago, in the order asked for. With a ticket to read up to, only what orders the
   * claims is read of them, and not what they carry (tag, labels, selector, payload, result); otherwise all but the payloads.
   */
  look(asked: readonly LookRequest[], deadline: Deadline): Promise<ResourceState[]>
  /** The oldest claims of a resource, and what orders them. */
  front(key: ResourceKey, oldest: number, deadline: Deadline): Promise<ResourceState>
  /** Gives claims another lease. @returns those that are still there */
  renew(ids: readonly string[], deadline: Deadline): Promise<Set<string>>
  /**
   * Takes a claim away, or only if it is in that state.
   *
   * @returns whether it was there; undefined when it is not, and an earlier try whose answer got lost may have taken it away
   */
  remove(id: string, deadline: Deadline, onlyIf?: ClaimState): Promise<boolean | undefined>
  /** Records sightings of claims whose lease is over and that have no valid one, at most so many. */
  sight(most: number, deadline: Deadline): Promise<void>
  /**
   * Resources with claims to reap, at most so many: with a sighting that is as old as their lease and `afterMs`, or without a
   * process. A hint: only a step decides.
   */
  expired(afterMs: number, most: number, deadline: Deadline): Promise<ResourceKey[]>
  /** All claims of a resource with what is known of their owners, in order of arrival. */
  listClaims(key: ResourceKey, deadline: Deadline): Promise<ClaimWithOwner[]>
  /** Nothing will be asked for a while: what is open may be given back. */
  rest(): void
  close(): Promise<void>
}

export interface LookRequest {
  key: ResourceKey
  upTo: number
}

/** The claim that a request becomes, before anything is written. */
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

/** Whether a rule's answer is more than to wait. */
export function moves(verdict: Change | Conflict): boolean {
  if ('conflict' in verdict) return true
  return [verdict.claims, verdict.remove, verdict.notified].some(list => (list?.length ?? 0) > 0)
}

/** What has become of a claim. */
export function resultOf(change: Change, mine: Claim | undefined, id: string, sentAt: number): StepResult {
  const admitted = mine?.state === 'granted' || (change.remove ?? []).includes(id)
  return { mine, admitted, answer: change.answer, sentAt }
}

/** What a step does to the claims it has read: the same for every store. */
export function applied(change: Change, claims: readonly Claim[], version: number): Claim[] {
  const removed = new Set(change.remove)
  const told = new Set(change.notified)
  const changes = new Map(change.claims?.map(one => [one.id, one]))
  return claims
    .filter(({ id }) => !removed.has(id))
    .map(claim => {
      const to = changes.get(claim.id)
      if (told.has(claim.id)) return { ...claim, generation: version }
      return to ? { ...claim, ...to, token: to.state === 'granted' ? version : claim.token } : claim
    })
}
