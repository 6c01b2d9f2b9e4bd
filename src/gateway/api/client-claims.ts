/**
 * Locks for clients that don't stay connected. A client asks, disconnects, asks again, perhaps at another gateway, and names its
 * claim by an id.
 *
 * 1. The client makes the id. A request with the id of an existing claim continues to wait in its place, or gets the grant that
 *    the claim already has. So a client that lost an answer repeats the request, at any gateway.
 * 2. While a request waits, its gateway renews the claim. When the request ends, the claim keeps its place until that lease runs
 *    out: at least two thirds of the lease remain.
 * 3. The grant gives the claim the lease that the client asked for. From then on only the client renews it.
 * 4. A client that is too late finds no claim.
 *
 * Why a claim is never granted twice:
 * 1. Every request for an id is a step on the one row with that id.
 * 2. A step that finds the claim granted changes its lease alone. The token stays.
 * 3. A claim that other participants have reaped is deleted. Only a new request makes it again, at the end of the queue and with
 *    another token.
 * 4. A request that is waiting and finds its claim deleted does not make it again: another gateway may have released it.
 *
 * Why no other client holds the lock while this client relies on it:
 * 1. The client counts its lease from when it *sent* the last successful request. The lease is written after that.
 * 2. Other participants wait for the whole lease from when they first saw it written (see `failure-detector.ts`).
 * 3. The client can't know when a waiting request was granted. So after such a request it renews once, and counts from when it
 *    sent the renewal.
 * 4. The token protects a client whose clock is unreliable.
 *
 * A request that was delayed and arrives after its claim was released makes a claim that no client uses. Its lease ends it.
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
  /** The lease from the grant on, ms. Undefined: the lease of a waiter. */
  leaseMs: number | undefined
  waitMs: number
}

/** The request's time is over. Its claim keeps its place; the client may ask again. */
export class StillWaiting extends SeraError {
  constructor(
    { kind, name }: ResourceKey,
    /** How many claims are ahead. */
    readonly ahead: number,
  ) {
    super('timed-out', `${kind} ${name}: still waiting; ask again with the same id`)
  }
}

/** The claim does not exist: there is nothing left to release. */
export function gone(): SeraError {
  return new SeraError('lost', 'no such claim: it was released or broken, or its lease has expired')
}

const GONE = 'gone'

export class ClientClaims {
  constructor(readonly gateway: Pick<Gateway, 'session' | 'tables' | 'clock' | 'remember'>) {}

  /**
   * Waits until a claim is granted.
   *
   * @returns `claim`; or `answer` alone, if the rule admitted the claim without a grant
   * @throws StillWaiting; SeraError timed-out, if it was not to wait; lost, if the claim was deleted; conflict, lock-failed; the
   * signal's reason
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
      session.forget(ownClaim) // the claim stays in the tables: it belongs to the client
    }
  }

  /** @throws SeraError lost, lock-failed */
  async read(id: string): Promise<ClientClaim> {
    const claim = await this.#find(id)
    if (claim) return claim
    throw gone()
  }

  /** Starts the lease again. @throws SeraError lost; conflict, while it waits; lock-failed */
  async renew(id: string): Promise<ClientClaim> {
    const { session, tables } = this.gateway
    await renewClaim(tables.client, id, session.farewell)
    const claim = await this.read(id)
    if (claim.state !== 'waiting') return claim
    throw new SeraError('conflict', 'not granted yet: repeat the request to continue waiting')
  }

  /** Releases a lock or leaves the queue. No error if the claim does not exist. @throws SeraError lock-failed */
  async release(id: string): Promise<void> {
    const { session, remember } = this.gateway
    const claim = await this.#find(id)
    if (!claim) return
    const wasThere = (await session.store.remove(id, session.farewell)) !== false
    session.pollNow(claim.key)
    if (wasThere && claim.state !== 'waiting') remember(endingOf(claim))
  }

  /** The claim with this id. @throws SeraError conflict, if that claim belongs to a different request; lock-failed */
  async known({ id, key, spec: { mode, units = 1, tag } }: Pick<ClaimWish, 'id' | 'key' | 'spec'>) {
    const claim = await this.#find(id)
    if (!claim) return undefined
    const { kind, name } = claim.key
    const isSame = kind === key.kind && name === key.name && claim.mode === mode && claim.units === units
    if (isSame && claim.tag === tag) return claim
    throw new SeraError('conflict', `this id belongs to another request, for ${kind} ${name}: use a new id`)
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
    throw new SeraError('timed-out', `${ownClaim.key.kind} ${ownClaim.key.name}: not free`)
  }

  #find(id: string): Promise<ClientClaim | undefined> {
    const { session, tables } = this.gateway
    return readClaim(tables.client, id, session.farewell)
  }
}

/** The history entry. Ticket and token are times, in µs. */
function endingOf({ key, ticket, token = ticket, sinceMs: ranMs, ...owner }: ClientClaim): NewHistoryEntry {
  const { host, pid, user, command } = owner
  const times = { waitedMs: (token - ticket) / 1000, ranMs }
  return { key, token: String(token), outcome: 'done', exitCode: 0, ...times, owner: { host, pid, user, command } }
}

/** Adds the client's own lease to the grant. */
function leased(verdict: Change | Conflict, id: string, leaseMs: number | undefined): Change | Conflict {
  if ('conflict' in verdict || leaseMs === undefined || !verdict.claims) return verdict
  return { ...verdict, claims: verdict.claims.map(change => (change.id === id ? { ...change, leaseMs } : change)) }
}
