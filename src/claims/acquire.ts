/**
 * The wait: one loop for all primitives.
 *
 * 1. Step: the claim joins the queue, or is granted at once.
 * 2. Poll, after a pause that grows with the place in the queue: would the rule grant the claim now?
 * 3. If so, step again. The resource may have changed since the poll, so only a step grants. Exception: the rule returns an
 *    `answer` and notifies no claim. An answer reports a past event, which no later step changes, so the poll is enough.
 * 4. At the deadline or when the signal aborts: leave the queue. A claim that others rely on, and that was granted before it
 *    could leave, counts as granted.
 *
 * A poll may not find the claim any more: this process was suspended for longer than its lease, and another one reaped the claim.
 * So no caller starts work on an old grant: a grant is valid for a lease from when its own step was sent.
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
  /** The rule of later steps, if it differs from that of the first. */
  again?: Rule
  /** The pause before the next poll, ms. */
  pace(state: ResourceState, me: Claim): number
  /** Whether the rule depends only on the claims ahead, so that a poll need not read the others. */
  onlyAhead: boolean
  /** Whether the claim joins the queue even after the deadline, so that a later call continues the wait. */
  queuesPastDeadline?: boolean
  /** Whether claims behind may be granted earlier and then matter to the rule. If so, a step reads them too. */
  outOfOrder?: boolean
  /** With `onlyAhead`: how many of the oldest claims a newcomer's step reads. Default: NEWCOMER_READS. */
  newcomerReads?: number
  /**
   * Whether others rely on the grant, as at a barrier. If so, a cancelled wait does not give a grant back, and a claim that was
   * reaped does not queue again.
   */
  groupGrant: boolean
  /** Whether a newcomer takes over the claim with its tag. */
  succession?: boolean
  /** Whether others rely on this grant. If so, a cancelled wait does not give it back. */
  isReliedOn?(me: Claim): boolean
}

/** How many claims a newcomer's step reads. In a longer queue the newcomer waits in any case. */
export const NEWCOMER_READS = 50

/** Waits for the grant; undefined when the deadline passed first. Rejects with the signal's reason when it aborts. */
export async function acquire(
  session: Session,
  ownClaim: OwnClaim,
  spec: ClaimSpec,
  policy: WaitPolicy,
  deadline: Deadline,
): Promise<OwnClaim | undefined> {
  // an earlier try may have granted the claim, and its answer was lost: do not grant twice
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

/** True when granted, false when the deadline passed. */
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
  // The signal does not interrupt a step, because its outcome would be unknown. A step is retried for less than a lease, because a
  // claim that an earlier try has granted exists at least that long.
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
    if (isOlderThan(state, mine) && !ownClaim.isGone) continue
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

/** If the wait was aborted while this step was delayed, roll back: a cancelled waiter is never granted and never matched. */
function unlessAborted(rule: Rule, { signal }: Deadline): Rule {
  return (state, me) => {
    if (signal?.aborted) throw new SeraError('lock-failed', 'the wait was aborted')
    return rule(state, me)
  }
}

/** Whether this state is older than the claim: the poll started before the claim was made, or a cluster member lags. */
function isOlderThan({ resource: { version } }: ResourceState, { ticket }: Claim): boolean {
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

/** Leaves the queue. False when others rely on a grant made meanwhile. Rejects when they may and the tables cannot be reached. */
async function hasLeft(session: Session, ownClaim: OwnClaim, spec: ClaimSpec, policy: WaitPolicy): Promise<boolean> {
  const { groupGrant } = policy
  try {
    if (!ownClaim.mayExist) return true
    const left = leaveQueue(session, ownClaim, spec, policy)
    await (groupGrant ? left : left.catch(() => {})) // the claim then ends with its lease
    return ownClaim.seen?.state !== 'granted' || !groupGrant
  } finally {
    if (!groupGrant || ownClaim.seen?.state !== 'granted') session.forget(ownClaim)
  }
}

async function leaveQueue(
  session: Session,
  ownClaim: OwnClaim,
  spec: ClaimSpec,
  { groupGrant, isReliedOn = groupGrant ? isGranted : undefined }: WaitPolicy,
): Promise<void> {
  const { store, farewell } = session
  if (!isReliedOn) return void (await session.leave(ownClaim))
  if (!groupGrant && (await store.remove(ownClaim.id, farewell, 'waiting'))) return
  // a step, because a delayed earlier step, whose outcome is unknown, cannot take effect after it
  const rule: Rule = (_, me) => (isReliedOn(me) ? {} : { remove: [me.id] })
  await session.step(ownClaim, spec, rule, { ...farewell, join: false, read: 'all' })
}

function isGranted({ state }: Claim): boolean {
  return state !== 'waiting'
}

/** Why the claim no longer exists. If its lease has not run out, it did not expire: an operator broke it. */
function claimGone(
  { key: { kind, name }, leaseMs, until, clock }: OwnClaim,
  tag: string | undefined,
  { claims }: ResourceState,
): SeraError {
  if (tag !== undefined && claims.some(claim => claim.tag === tag)) {
    return new SeraError('conflict', `${kind} ${name}: tag ${tag} was taken over by another participant`)
  }
  const replaced = tag === undefined ? '' : ', or another participant took over its tag and left'
  const reason =
    clock.boot() < until
      ? `this participant's claim was broken (sera break)${replaced}`
      : `this participant did not renew its claim for ${leaseMs / 1000} s${replaced}`
  return new SeraError('lock-failed', `${kind} ${name}: ${reason}; it no longer counts`)
}
