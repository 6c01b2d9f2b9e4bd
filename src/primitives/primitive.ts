/**
 * The base of all handles: one resource, and the session that waits at it. Making a handle sends nothing to the server.
 * A handle may be kept and used concurrently. Each call has a claim of its own.
 */

import { acquire, type WaitPolicy } from '../claims/acquire.js'
import type {
  Change,
  Claim,
  ClaimChange,
  ClaimState,
  ClaimWithOwner,
  ResourceKey,
  ResourceState,
} from '../claims/model.js'
import type { OwnClaim } from '../claims/own-claim.js'
import type { ClaimSpec, Session } from '../claims/session.js'
import { formatDuration, parseWait } from '../config/duration.js'
import { SeraError } from '../errors.js'
import type { Kind } from './names.js'
import { checkName } from './names.js'

/** A holder or a waiter. */
export interface Contender {
  /** `waiting`; `granted`: it holds; `leaving`: it has finished and waits in `leave()` of a double barrier. */
  state: ClaimState
  /** The host name of its process; for a client of the gateway, the client's address. */
  host: string
  /** The PID of its process; 0 for a client of the gateway. */
  pid: number
  /** The operating system's user of its process. */
  user: string
  /** The command line that the process was started with, or the session's `label`. */
  command: string
  /** Time since it entered its state, ms by the server's clock. */
  sinceMs: number
  /** `read` or `write` at a read/write lock; undefined elsewhere. */
  mode: string | undefined
  /** At a semaphore: its units. At a counter: its delta. At a rendezvous: its mates. Elsewhere 1. */
  units: number
  /** At a barrier: its tag. At a rendezvous: its actor. */
  tag: string | undefined
  /** At a semaphore: the holder's slot. */
  slot: number | undefined
  /** The fencing token; undefined for a waiter. */
  token: number | undefined
}

/**
 * A checked request: the contents of the claim, and how to wait for it. Each primitive has one function that builds it, for the
 * command line, the library and the gateway. If these name a value differently, the name is a parameter of that function.
 */
export interface PrimitiveRequest {
  spec: ClaimSpec
  policy: WaitPolicy
}

/** What every handle has. */
export abstract class Primitive {
  /** @internal */
  protected readonly key: ResourceKey

  /** @internal */
  constructor(
    /** @internal */
    protected readonly session: Session,
    kind: Kind,
    /** The name of the resource. */
    readonly name: string,
  ) {
    this.key = { kind, name: checkName(kind, name) }
  }

  /**
   * The holders and waiters, in order of arrival. A dead participant is listed until its claim is reaped.
   *
   * @throws SeraError lock-failed
   */
  async contenders(options: SignalOptions = {}): Promise<Contender[]> {
    const deadline = { until: Number.POSITIVE_INFINITY, signal: options.signal }
    return (await this.session.store.listClaims(this.key, deadline)).map(publicContender)
  }

  /** Reads the resource. Writes nothing. @internal */
  protected async look(signal: AbortSignal | undefined): Promise<ResourceState> {
    const deadline = { until: Number.POSITIVE_INFINITY, signal }
    const [state] = await this.session.store.look([{ key: this.key, upTo: 0 }], deadline)
    return state as ResourceState
  }

  /** @throws SeraError timed-out, usage, conflict, lock-failed; the signal's reason @internal */
  protected async acquireClaim({ spec, policy }: PrimitiveRequest, { wait, signal }: WaitOptions): Promise<OwnClaim> {
    const { session, key } = this
    const waitMs = parseDurationOption('wait', wait ?? 'forever')
    const until = session.clock.now() + waitMs
    const ownClaim = await acquire(session, session.newClaim(key), spec, policy, { until, signal })
    return ownClaim ?? timedOut(key, waitMs)
  }

  /** Like `acquireClaim`, for a grant that leaves nothing to hold: removes the claim after the grant. @internal */
  protected async pass(request: PrimitiveRequest, options: WaitOptions): Promise<OwnClaim> {
    const ownClaim = await this.acquireClaim(request, options)
    await this.leaveClaim(ownClaim)
    return ownClaim
  }

  /** Removes the claim if it exists. @internal */
  protected async leaveClaim(ownClaim: OwnClaim): Promise<void> {
    // a failure to remove the claim does not undo the grant; the claim then expires
    if (ownClaim.seen) await this.session.leave(ownClaim).catch(() => {})
    else this.session.forget(ownClaim)
  }
}

export function timedOut({ kind, name }: ResourceKey, waitMs: number): never {
  throw new SeraError('timed-out', `${kind} ${name}: timed out after ${formatDuration(waitMs)}`)
}

function publicContender(claim: ClaimWithOwner): Contender {
  const { state, host, pid, user, command, sinceMs, mode, units, tag, slot, token } = claim
  return { state, host, pid, user, command, sinceMs, mode, units, tag, slot, token }
}

/** The change that grants one claim. */
export function granted({ id }: Claim, more: Omit<ClaimChange, 'id' | 'state'> = {}): Change {
  return { claims: [{ id, state: 'granted', ...more }] }
}

/** Options of a call that does not wait for other participants. */
export interface SignalOptions {
  /** Cancels the call: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

/** How long a call waits, and what cancels it. */
export interface WaitOptions {
  /** Milliseconds, or text like `'500ms'`, `'30s'`, `'1h30m'` or `'forever'`. Default: `'forever'`. 0: one try. */
  wait?: number | string | undefined
  /** Cancels the wait. The call then rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

/**
 * Milliseconds of a duration; Infinity for `forever`. `what` names the option in messages.
 *
 * @throws SeraError usage
 * @example parseDurationOption('wait', '1h30m')
 */
export function parseDurationOption(what: string, value: unknown): number {
  const ms = typeof value === 'string' ? parseWait(value) : value
  if (typeof ms === 'number' && ms >= 0) return ms
  const got = typeof value === 'string' ? JSON.stringify(value) : String(value)
  throw new SeraError('usage', `${what}: expected milliseconds, or text like '30s', '1h30m' or 'forever'; got ${got}`)
}
