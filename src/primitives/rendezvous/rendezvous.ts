/**
 * Rendezvous: participants of an event meet participants that suit them, and learn who they are.
 *
 * Each participant says what it is (labels), what it wants of the others (a selector), and how many it wants to meet at least (mates).
 * Admission: the oldest set of waiters (`matching.ts`) in which every pair accepts each other, and which is as large as its most
 * demanding member wants. A participant with mates 0 passes alone and completes no set. The step that finds a set grants all of its
 * members, and writes who they are into the claim of each. So the match is final: a member that polls next, or that was about to
 * give up, has met the others.
 *
 * 1. Which participants accept each other never changes. So only two can complete a set: a newcomer, and a participant that renews
 *    its claim again after it was silent.
 * 2. Each of these searches in its own step. The rule therefore searches only sets with `me` in them, and once among the same waiters.
 * 3. A participant that was silent for a lease is in no set, because it may be dead. Nor is a claim that can't be parsed.
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
  actor: string
  labels: Readonly<Record<string, string>>
  payload: string | null
}

/** Who has met. */
export interface Match {
  event: string
  /** The same for all who have met, and at this event for nobody else. */
  match: string
  /** All of them, oneself too, in order of arrival. */
  members: readonly Member[]
}

interface CandidateClaim extends Candidate {
  claim: Claim
}

export const admit: Rule = ({ claims }, me) => {
  const all = claims.filter(claim => claim.id === me.id || isHere(claim)).flatMap(candidateClaimOf)
  const myself = all.find(({ claim }) => claim.id === me.id)
  const party = myself && oldestSet<CandidateClaim>({ all, sizeFor: ({ mates }) => mates + 1, accept }, myself)
  if (!party) return {}
  const result = JSON.stringify(party.map(memberOf))
  return { claims: party.flatMap(({ claim }) => granted(claim, { result }).claims ?? []) }
}

/** For one who waits, and looks again and again: searches again only when somebody has come, or come back, who suits it. */
export function patiently(): Rule {
  let searched: { upTo: number; silent: ReadonlySet<string> } | undefined
  return (state, me) => {
    const others = state.claims.filter(({ id }) => id !== me.id)
    const isNew = ({ id, ticket }: Claim) => !searched || ticket > searched.upTo || searched.silent.has(id)
    const hasCome = others.some(one => isHere(one) && isNew(one) && suit(one, me))
    const verdict = searched && !hasCome ? {} : admit(state, me)
    if (moves(verdict)) return verdict
    const silent = others.filter(one => !isHere(one)).map(({ id }) => id)
    searched = { upTo: others.at(-1)?.ticket ?? 0, silent: new Set(silent) }
    return verdict
  }
}

function suit(...claims: [Claim, Claim]): boolean {
  const [one, other] = claims.flatMap(candidateClaimOf)
  return one !== undefined && other !== undefined && accept(one, other)
}

function isHere({ state, overdueMs }: Claim): boolean {
  return state === 'waiting' && overdueMs <= 0
}

function candidateClaimOf(claim: Claim): CandidateClaim[] {
  const candidate = candidateOf(claim)
  return candidate ? [{ claim, ...candidate }] : []
}

function memberOf({ claim: { tag = '', payload }, labels }: CandidateClaim): Member {
  return { actor: tag, labels: Object.fromEntries(labels), payload: payload ?? null }
}

/** What a claim tells that has been granted. */
export function matchOf(event: string, claim: Claim | undefined): Match {
  return { event, match: String(claim?.token), members: JSON.parse(claim?.result ?? '[]') }
}

export function rendezvous(): WaitPolicy {
  return { rule: patiently(), pace: paceTogether, onlyAhead: false, groupGrant: true }
}

/** `labels`: besides `actor`. @throws SeraError usage */
export function rendezvousRequest({ labels, ...options }: CandidateOptions): PrimitiveRequest {
  return { spec: claimSpecOf({ ...options, labels: withActor(options.actor, labels) }), policy: rendezvous() }
}

export interface RendezvousOptions {
  /** Who comes, for the others to know: 1 to 255 characters. */
  actor: string
  /** How many others to meet at least: 0 to 63; with 0 it passes alone. Default: 1. */
  mates?: number | undefined
  /** What others may ask for, besides `actor`. Keys and values as in Kubernetes. */
  labels?: Readonly<Record<string, string>> | undefined
  /** What the labels of the others have to be, in the grammar of Kubernetes. Default: `actor!=<actor>`. */
  selector?: string | undefined
}

export interface MeetOptions extends WaitOptions {
  /** What the others are to be told: text of at most 16 KiB. */
  payload?: string | undefined
}

export class Rendezvous extends Primitive {
  readonly #asked: CandidateOptions

  /** @internal */
  constructor(session: Session, event: string, { labels = {}, ...options }: RendezvousOptions) {
    super(session, 'rendezvous', event)
    this.#asked = { ...options, labels: labelsFrom(labels) }
    rendezvousRequest(this.#asked)
  }

  /**
   * Waits until as many others are there as all of them want to meet, and every two of them accept each other.
   *
   * @throws SeraError timed-out, lock-failed, usage; the signal's reason
   * @example
   * const web = sera.rendezvous('deploy', { actor: 'web-1', labels: { role: 'web' }, selector: 'role=db' })
   * const { members } = await web.meet({ payload: 'http://web-1:8080', wait: '5m' })
   */
  async meet({ payload, ...wait }: MeetOptions = {}): Promise<Match> {
    const { seen: claim } = await this.pass(rendezvousRequest({ ...this.#asked, payload }), wait)
    return matchOf(this.name, claim)
  }
}
