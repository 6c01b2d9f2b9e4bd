/**
 * Locks for clients that don't stay connected: they ask, hang up, come back, perhaps at another gateway, and name
 * their claim by its id.
 *
 * 1. The client makes the id. Whoever asks with it finds the claim that is there: it goes on waiting in its place,
 *    or is told of the grant it has. So a request whose answer got lost is sent again, to any gateway.
 * 2. While a request waits, its gateway renews the claim like its own. When the request ends, the claim keeps its
 *    place for what is left of that lease, which is two thirds of it at least.
 * 3. With the grant the claim gets the lease that the client asked for, and from then on the client alone renews it.
 * 4. Whoever comes too late finds the claim gone.
 *
 * Why a granted claim is not granted twice: every request for an id is a step at the one row that has it. A step
 * that finds it granted changes nothing but its lease, and its token stays. A claim that others have taken for dead
 * is gone; only a new request makes it anew, at the end of the queue, and with another token. A request that waits,
 * and finds its claim gone, does not: it may have been given back by way of another gateway.
 *
 * Why nobody else has it while the client may rely on it: the client counts its lease from when it *sent* the last
 * request that was answered with success. The lease was written later than that, and others wait for all of it from
 * when they saw it written (see `watch.ts`). How long a request was under way says nothing of when in that time the
 * grant was made: so after one that waited, a client renews once, and counts from when it sent that. Whoever can't
 * rely on his clock has the token.
 *
 * A request that was held up on its way, and arrives after its claim was given back, makes it anew for nobody. Its
 * lease ends it.
 */

import { stepUntilGranted, type WaitPolicy } from '../../claims/acquire.js'
import type { Change, Conflict, ResourceKey, Rule } from '../../claims/model.js'
import type { OwnClaim } from '../../claims/own-claim.js'
import type { ClaimSpec } from '../../claims/session.js'
import { SeraError } from '../../errors.js'
import { type ClientClaim, clientProcess, readClaim, renewClaim } from '../../store/tables/client-claim.js'
import type { NewHistoryEntry } from '../../store/tables/history.js'
import type { Gateway } from '../http/gateway.js'

export interface ClaimWish {
  id: string
  key: ResourceKey
  spec: ClaimSpec
  policy: WaitPolicy
  /** From the grant on; undefined: as while it waits. */
  leaseMs: number | undefined
  waitMs: number
}

/** Whose turn has not come yet: it keeps its place, and may ask again. */
export class StillWaiting extends SeraError {
  constructor(
    { kind, name }: ResourceKey,
    /** How many claims stand before it. */
    readonly ahead: number,
  ) {
    super('timed-out', `${kind} ${name}: it still waits; ask again with the same id`)
  }
}

/** Given back or not: nobody has to give it back any more. */
export function gone(): SeraError {
  return new SeraError('lost', 'there is no such claim: it was given back or broken, or its lease is over')
}

const GONE = 'gone'

export class ClientClaims {
  constructor(readonly gateway: Pick<Gateway, 'session' | 'tables' | 'clock' | 'remember'>) {}

  /**
   * Waits for a claim's turn.
   *
   * @returns undefined when the rule has let it pass without a claim: `answer` says why
   * @throws StillWaiting; SeraError timed-out, when it was not to wait at all; lost, when the claim was taken away;
   * conflict, lock-failed; the signal's reason
   */
  async acquire(wanted: ClaimWish, signal: AbortSignal): Promise<{ claim?: ClientClaim; answer?: string | undefined }> {
    const { session } = this.gateway
    const known = await this.known(wanted)
    if (known && known.state !== 'waiting') return { claim: await this.renew(wanted.id) }
    const ownClaim = session.newClaim(wanted.key, wanted.id)
    ownClaim.seen = known
    try {
      await this.#acquire(ownClaim, wanted, signal)
      if (ownClaim.answer === undefined) return { claim: await this.read(wanted.id) }
      if (ownClaim.seen) await session.leave(ownClaim)
      return { answer: ownClaim.answer }
    } finally {
      session.forget(ownClaim) // what is granted, or waits on, is the client's
    }
  }

  /** @throws SeraError lost, lock-failed */
  async read(id: string): Promise<ClientClaim> {
    const claim = await this.#find(id)
    if (claim) return claim
    throw gone()
  }

  /** Another lease. @throws SeraError lost; conflict, while it waits; lock-failed */
  async renew(id: string): Promise<ClientClaim> {
    const { session, tables } = this.gateway
    await renewClaim(tables.client, id, session.farewell)
    const claim = await this.read(id)
    if (claim.state !== 'waiting') return claim
    throw new SeraError('conflict', 'it has not been granted yet: ask for it again to go on waiting')
  }

  /** Gives it back, or its place up; whether or not it is there. @throws SeraError lock-failed */
  async release(id: string): Promise<void> {
    const { session, remember } = this.gateway
    const claim = await this.#find(id)
    if (!claim) return
    const wasThere = (await session.store.remove(id, session.farewell)) !== false
    session.pollNow(claim.key)
    if (wasThere && claim.state !== 'waiting') remember(endingOf(claim))
  }

  /** What is there under the id. @throws SeraError conflict, when it was asked for otherwise; lock-failed */
  async known({ id, key, spec: { mode, units = 1, tag } }: Pick<ClaimWish, 'id' | 'key' | 'spec'>) {
    const claim = await this.#find(id)
    if (!claim) return undefined
    const { kind, name } = claim.key
    const isSame = kind === key.kind && name === key.name && claim.mode === mode && claim.units === units
    if (isSame && claim.tag === tag) return claim
    throw new SeraError('conflict', `the id is that of another request, for ${kind} ${name}: take another`)
  }

  async #acquire(ownClaim: OwnClaim, { spec, policy, leaseMs, waitMs }: ClaimWish, signal: AbortSignal): Promise<void> {
    const { session, clock } = this.gateway
    let ahead = 0
    const rule: Rule = (state, me) => {
      ahead = state.claims.filter(({ ticket }) => ticket < me.ticket).length
      return me.state === 'granted' ? {} : leased(policy.rule(state, me), me.id, leaseMs)
    }
    const again: Rule = (state, me) => {
      return me.renewals === 0 ? { remove: [me.id], answer: GONE } : rule(state, me)
    }
    const mine = { ...spec, processId: clientProcess(ownClaim.id) }
    const turn = { ...policy, rule, again, groupGrant: false, queuesPastDeadline: waitMs > 0 }
    const deadline = { until: clock.now() + waitMs, signal }
    const admitted = await stepUntilGranted(session, ownClaim, mine, turn, deadline)
    if (ownClaim.answer === GONE) throw gone()
    if (admitted) return
    if (ownClaim.seen) throw new StillWaiting(ownClaim.key, ahead)
    throw new SeraError('timed-out', `${ownClaim.key.kind} ${ownClaim.key.name}: it is not free`)
  }

  #find(id: string): Promise<ClientClaim | undefined> {
    const { session, tables } = this.gateway
    return readClaim(tables.client, id, session.farewell)
  }
}

/** For the history. Ticket and token begin as times, in µs. */
function endingOf({ key, ticket, token = ticket, sinceMs: ranMs, ...owner }: ClientClaim): NewHistoryEntry {
  const { host, pid, user, command } = owner
  const times = { waitedMs: (token - ticket) / 1000, ranMs }
  return { key, token: String(token), outcome: 'done', exitCode: 0, ...times, owner: { host, pid, user, command } }
}

/** With the grant, the client's own lease. */
function leased(verdict: Change | Conflict, id: string, leaseMs: number | undefined): Change | Conflict {
  if ('conflict' in verdict || leaseMs === undefined || !verdict.claims) return verdict
  return { ...verdict, claims: verdict.claims.map(change => (change.id === id ? { ...change, leaseMs } : change)) }
}
