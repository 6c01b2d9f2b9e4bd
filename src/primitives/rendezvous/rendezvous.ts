/**
 * Rendezvous: participants of an event meet others that match their selectors, and get the list of the members.
 *
 * A participant has labels, a selector for the others, and the least number of others to meet (mates). Admission:
 * 1. The oldest set of waiters is granted in which every two accept each other and which is as large as its most demanding member
 *    wants (`matching.ts`). A participant with mates 0 passes alone.
 * 2. One step grants all members and writes the list of members into each claim. So a match is final, even for a member that is
 *    about to time out.
 * 3. Which participants accept each other never changes. So only a newcomer, or a participant that renews after a silence, can
 *    complete a set. Each searches in its own step. So a rule searches only sets with `me`, and once among the same waiters.
 * 4. A participant whose lease has run out is in no set, because it may be dead. Nor is a claim that cannot be parsed.
 */

import type { WaitPolicy } from '../../claims/acquire.js'
import { type Claim, moves, type Rule } from '../../claims/model.js'
import { paceTogether } from '../../claims/poll-rate.js'
import type { Session } from '../../claims/session.js'
import { labelsFrom } from '../../selector/labels.js'
import { granted, Primitive, type PrimitiveRequest, type WaitOptions } from '../primitive.js'
import { accept, type Candidate, type CandidateOptions, candidateOf, claimSpecOf, withActor } from './candidate.js'
import { oldestSet } from './matching.js'

/** A participant of a match. */
export interface Member {
  /** Its name. */
  actor: string
  /** Its labels, with `actor` among them. */
  labels: Readonly<Record<string, string>>
  /** The payload it gave to `meet()`; null without one. */
  payload: string | null
}

/** The result of a rendezvous. */
export interface Match {
  /** The name of the rendezvous. */
  event: string
  /** Names this match: the same for all its members, and unique at this event. */
  match: string
  /** All members, including the caller, in order of arrival. */
  members: readonly Member[]
}

interface CandidateClaim extends Candidate {
  claim: Claim
}

export const admit: Rule = ({ claims }, me) => {
  const all = claims.filter(claim => claim.id === me.id || isPresent(claim)).flatMap(candidateClaimOf)
  const myself = all.find(({ claim }) => claim.id === me.id)
  const party = myself && oldestSet<CandidateClaim>({ all, sizeFor: ({ mates }) => mates + 1, accept }, myself)
  if (!party) return {}
  const result = JSON.stringify(party.map(memberOf))
  return { claims: party.flatMap(({ claim }) => granted(claim, { result }).claims ?? []) }
}

/** `admit` for a waiter that polls: searches again only if a suitable participant has arrived, or has renewed after a silence. */
export function admitOnChange(): Rule {
  let searched: { upTo: number; silent: ReadonlySet<string> } | undefined
  return (state, me) => {
    const others = state.claims.filter(({ id }) => id !== me.id)
    const isNew = ({ id, ticket }: Claim) => !searched || ticket > searched.upTo || searched.silent.has(id)
    const hasCome = others.some(claim => isPresent(claim) && isNew(claim) && acceptEachOther(claim, me))
    const verdict = searched && !hasCome ? {} : admit(state, me)
    if (moves(verdict)) return verdict
    const silent = others.filter(claim => !isPresent(claim)).map(({ id }) => id)
    searched = { upTo: others.at(-1)?.ticket ?? 0, silent: new Set(silent) }
    return verdict
  }
}

function acceptEachOther(...claims: [Claim, Claim]): boolean {
  const [one, other] = claims.flatMap(candidateClaimOf)
  return one !== undefined && other !== undefined && accept(one, other)
}

function isPresent({ state, overdueMs }: Claim): boolean {
  return state === 'waiting' && overdueMs <= 0
}

function candidateClaimOf(claim: Claim): CandidateClaim[] {
  const candidate = candidateOf(claim)
  return candidate ? [{ claim, ...candidate }] : []
}

function memberOf({ claim: { tag = '', payload }, labels }: CandidateClaim): Member {
  return { actor: tag, labels: Object.fromEntries(labels), payload: payload ?? null }
}

/** Reads the match from a granted claim. */
export function matchOf(event: string, claim: Claim | undefined): Match {
  return { event, match: String(claim?.token), members: JSON.parse(claim?.result ?? '[]') }
}

export function rendezvous(): WaitPolicy {
  return { rule: admitOnChange(), pace: paceTogether, onlyAhead: false, groupGrant: true }
}

/** `labels`: without `actor`. @throws SeraError usage */
export function rendezvousRequest({ labels, ...options }: CandidateOptions): PrimitiveRequest {
  return { spec: claimSpecOf({ ...options, labels: withActor(options.actor, labels) }), policy: rendezvous() }
}

/** Options of `sera.rendezvous()`. */
export interface RendezvousOptions {
  /** The participant's name: 1 to 255 characters. */
  actor: string
  /** How many others to meet, at least: 0 to 63. With 0 the participant passes alone. Default: 1. */
  mates?: number | undefined
  /** Labels that selectors match, in addition to `actor`. Keys and values as in Kubernetes. */
  labels?: Readonly<Record<string, string>> | undefined
  /** Selects the participants to meet by their labels, in the grammar of Kubernetes. Default: `actor!=<actor>`. */
  selector?: string | undefined
}

/** Options of `meet()` of a rendezvous. */
export interface MeetOptions extends WaitOptions {
  /** Text for the other members, at most 16 KiB. */
  payload?: string | undefined
}

/** A handle of a rendezvous: participants that accept each other meet. Made by `sera.rendezvous()`. */
export class Rendezvous extends Primitive {
  readonly #request: CandidateOptions

  /** @internal */
  constructor(session: Session, event: string, { labels = {}, ...options }: RendezvousOptions) {
    super(session, 'rendezvous', event)
    this.#request = { ...options, labels: labelsFrom(labels) }
    rendezvousRequest(this.#request)
  }

  /**
   * Waits for a match: a set of participants in which every two accept each other and each meets as many others as it wants.
   *
   * @throws SeraError timed-out, lock-failed, usage; the signal's reason
   * @example
   * const web = sera.rendezvous('deploy', { actor: 'web-1', labels: { role: 'web' }, selector: 'role=db' })
   * const { members } = await web.meet({ payload: 'http://web-1:8080', wait: '5m' })
   */
  async meet({ payload, ...wait }: MeetOptions = {}): Promise<Match> {
    const { seen: claim } = await this.pass(rendezvousRequest({ ...this.#request, payload }), wait)
    return matchOf(this.name, claim)
  }
}
