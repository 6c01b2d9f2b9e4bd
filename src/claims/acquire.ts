/**
 * Waiting: the one loop of all primitives.
 *
 * 1. Step: the claim joins the queue, or is granted at once.
 * 2. Look, after a pause that grows with the place in the queue, whether the rule would let the claim on.
 * 3. If so, step again: what a look has seen may have changed since; only a step decides. Unless the rule has an answer, which
 *    tells of what has happened and nobody need know that it was told: nothing can change that.
 * 4. When the deadline has passed, or the signal aborts, leave; who finds the claim granted then was not too late.
 *
 * A look also shows when the claim is gone, because this process was stopped for longer than its lease and others have taken
 * it for dead. Nothing is ever begun on a grant from before: a grant counts from when its own step was sent.
 */
import type { Deadline } from '../deadline.js'
import { SeraError } from '../errors.js'
import { type Claim, moves, type ResourceState, type Rule, type StepOptions } from './model.js'
import type { OwnClaim } from './own-claim.js'
import { PACE_MS, pause } from './poll-rate.js'
import type { ClaimSpec, Session } from './session.js'

/** How a kind of resource is waited for. */
export interface WaitPolicy {
  rule: Rule
  /** By which rule it steps once it stands in the queue, where that is another. */
  again?: Rule
  /** How soon to look again, ms. */
  pace(state: ResourceState, me: Claim): number
  /** Whether only those ahead matter, so that a look need not read the rest. */
  onlyAhead: boolean
  /** Whether it queues although the deadline has passed, to wait on another time. */
  queuesPastDeadline?: boolean
  /** Whether those behind may have been granted before, and matter then: a step, which may grant, has to read them too. */
  outOfOrder?: boolean
  /** Where only those ahead matter: how many of the oldest a newcomer reads; NEWCOMER_READS when absent. */
  newcomerReads?: number
  /**
   * Whether others count on the claim, as at a barrier: then no grant is given back because the wait was broken off, and a
   * claim that was taken for dead does not simply queue again.
   */
  groupGrant: boolean
  /** Whether who comes with the tag of another takes its place. */
  succession?: boolean
  /** Whether others may count on my grant, and it is not given back because this wait was broken off. */
  isReliedOn?(me: Claim): boolean
}

/** Claims of a long queue that a newcomer reads: he waits behind them, or he needs to see them all. */
export const NEWCOMER_READS = 50

/** Waits to be let on; undefined when the deadline passed first. Rejects with the signal's reason when it aborts. */
export async function acquire(
  session: Session,
  ownClaim: OwnClaim,
  spec: ClaimSpec,
  policy: WaitPolicy,
  deadline: Deadline,
): Promise<OwnClaim | undefined> {
  // what has been granted by an earlier try, whose answer got lost, is not granted twice
  const once: Rule = (state, me) => (me.state === 'granted' ? {} : policy.rule(state, me))
  try {
    const admitted = await stepUntilGranted(session, ownClaim, spec, { ...policy, rule: once }, deadline)
    if (admitted && (policy.groupGrant || !deadline.signal?.aborted)) return ownClaim
  } catch (error) {
    if (await hasLeft(session, ownClaim, spec, policy).catch(() => true)) throw error
    return ownClaim
  }
  if (!(await hasLeft(session, ownClaim, spec, policy))) return ownClaim
  deadline.signal?.throwIfAborted()
  return undefined
}

/** True when let on, false when the deadline passed. */
export async function stepUntilGranted(
  session: Session,
  ownClaim: OwnClaim,
  spec: ClaimSpec,
  policy: WaitPolicy,
  deadline: Deadline,
): Promise<boolean> {
  const { clock } = session
  const { rule, again = rule, pace, onlyAhead, groupGrant, succession } = policy
  const startedAt = clock.now()
  // a step is short, and is not broken off in the middle: its outcome would have to be found out. It repeats itself for less
  // than a lease: so long what it may have granted is sure to be there
  const step = (by: Rule) => {
    const limits = { until: deadline.until, withinMs: 0.9 * ownClaim.leaseMs }
    const join = policy.queuesPastDeadline === true || clock.now() < deadline.until
    const options = { join, read: readScope(policy, ownClaim), ...limits }
    return session.step(ownClaim, spec, unlessAborted(by, deadline), options).catch(error => {
      deadline.signal?.throwIfAborted()
      throw error
    })
  }
  deadline.signal?.throwIfAborted()
  let { mine, admitted } = await step(rule)
  let pauseMs = PACE_MS
  while (!admitted && mine && clock.now() < deadline.until) {
    const upTo: number = onlyAhead ? mine.ticket : Number.POSITIVE_INFINITY
    const state = await session.poll(ownClaim.key, upTo, pauseMs, deadline, spec.tag)
    if (isFromBefore(state, mine) && !ownClaim.isGone) continue
    const seen = state.claims.find(({ id }) => id === ownClaim.id)
    if (!seen && groupGrant) throw claimGone(ownClaim, succession ? spec.tag : undefined, state)
    ownClaim.seen = seen
    if (seen) pauseMs = pause(pace(state, seen), clock.now() - startedAt)
    if (mine.state === 'waiting' && seen?.state === 'granted') return true
    const verdict = seen && rule(state, seen)
    if (verdict && 'answer' in verdict && !verdict.notified) {
      ownClaim.answer = verdict.answer
      return true
    }
    if (!verdict || moves(verdict)) ({ mine, admitted } = await step(again))
  }
  return admitted
}

/** However long a step was held up: whoever has gone by then is not let on, and nobody meets him. Nothing of it is written. */
function unlessAborted(rule: Rule, { signal }: Deadline): Rule {
  return (state, me) => {
    if (signal?.aborted) throw new SeraError('lock-failed', 'nobody waits for it any more')
    return rule(state, me)
  }
}

/** A look that was under way when the claim was made, or that a lagging member answered. */
function isFromBefore({ resource: { version } }: ResourceState, { ticket }: Claim): boolean {
  return version < ticket
}

function readScope(
  { onlyAhead, outOfOrder, newcomerReads = NEWCOMER_READS }: WaitPolicy,
  { seen: claim }: OwnClaim,
): StepOptions['read'] {
  if (!onlyAhead) return 'all'
  if (!claim) return { oldest: newcomerReads }
  return outOfOrder ? 'all' : claim.ticket
}

/**
 * Leaves the queue. False when the claim has been granted meanwhile, and others count on it. Rejects when others may count on
 * it and the tables can't be asked.
 */
async function hasLeft(session: Session, ownClaim: OwnClaim, spec: ClaimSpec, policy: WaitPolicy): Promise<boolean> {
  const { groupGrant } = policy
  try {
    if (!ownClaim.mayExist) return true
    const gone = leaveQueue(session, ownClaim, spec, policy)
    await (groupGrant ? gone : gone.catch(() => {})) // its lease ends it, too
    return ownClaim.seen?.state !== 'granted' || !groupGrant
  } finally {
    if (!groupGrant || ownClaim.seen?.state !== 'granted') session.forget(ownClaim)
  }
}

async function leaveQueue(
  session: Session,
  ownClaim: OwnClaim,
  spec: ClaimSpec,
  { groupGrant, isReliedOn: countedOn = groupGrant ? isGranted : undefined }: WaitPolicy,
): Promise<void> {
  const { store, farewell } = session
  if (!countedOn) return void (await session.leave(ownClaim))
  if (!groupGrant && (await store.remove(ownClaim.id, farewell, 'waiting'))) return
  // a step, so that no late twin of an earlier one, whose outcome never came, can follow it
  const rule: Rule = (_, me) => (countedOn(me) ? {} : { remove: [me.id] })
  await session.step(ownClaim, spec, rule, { ...farewell, join: false, read: 'all' })
}

function isGranted({ state }: Claim): boolean {
  return state !== 'waiting'
}

/** Nobody may take a claim for dead that was renewed within its lease: then somebody has taken it away. */
function claimGone(
  { key: { kind, name }, leaseMs, until, clock }: OwnClaim,
  tag: string | undefined,
  { claims }: ResourceState,
): SeraError {
  if (tag !== undefined && claims.some(claim => claim.tag === tag)) {
    return new SeraError('conflict', `another came with the tag ${tag}, and stands here instead`)
  }
  const replaced = tag === undefined ? '' : ', or another has come with its tag and gone'
  const reason =
    clock.boot() < until
      ? `this participant's claim was broken (sera break)${replaced}`
      : `nothing was heard of this participant for ${leaseMs / 1000} s${replaced}`
  return new SeraError('lock-failed', `${kind} ${name}: ${reason}; it no longer counts`)
}
