/**
 * What the handles of all primitives have in common: one resource, and the participant that waits at it. To make a handle asks
 * nothing of the server; it may be kept and used by many at once, each call with a claim of its own.
 */

import { acquire, type WaitPolicy } from '../claims/acquire.js'
import type {
  Change,
  Claim,
  ClaimWithOwner as Claimant,
  ClaimChange,
  ClaimState,
  ResourceKey,
  ResourceState,
} from '../claims/model.js'
import type { OwnClaim } from '../claims/own-claim.js'
import type { ClaimSpec, Session } from '../claims/session.js'
import { formatDuration, parseWait } from '../config/duration.js'
import { SeraError } from '../errors.js'
import type { Kind } from './names.js'
import { checkName } from './names.js'

/** One who holds or waits. */
export interface Contender {
  state: ClaimState
  host: string
  pid: number
  user: string
  /** What it was started as, or the label it gave itself. */
  command: string
  /** For how long it has been in its state, ms by the server's clock. */
  sinceMs: number
  /** `read` or `write`, at a read/write lock. */
  mode: string | undefined
  units: number
  tag: string | undefined
  slot: number | undefined
  /** The fencing token of who holds. */
  token: number | undefined
}

/**
 * What is asked of a primitive, checked: what the claim says, and how it is waited for. Each primitive builds it once, for
 * the command line, the library and the gateway; where these call a value differently, the name is a parameter.
 */
export interface PrimitiveRequest {
  spec: ClaimSpec
  policy: WaitPolicy
}

export abstract class Primitive {
  protected readonly key: ResourceKey

  /** @internal */
  constructor(
    protected readonly session: Session,
    kind: Kind,
    readonly name: string,
  ) {
    this.key = { kind, name: checkName(kind, name) }
  }

  /**
   * Who holds and who waits, in order of arrival. Whoever has died is among them until somebody finds out.
   *
   * @throws SeraError lock-failed
   */
  async contenders(options: { signal?: AbortSignal | undefined } = {}): Promise<Contender[]> {
    const deadline = { until: Number.POSITIVE_INFINITY, signal: options.signal }
    return (await this.session.store.listClaims(this.key, deadline)).map(publicContender)
  }

  /** The resource as it is now; nothing is written. */
  protected async look(signal: AbortSignal | undefined): Promise<ResourceState> {
    const deadline = { until: Number.POSITIVE_INFINITY, signal }
    const [state] = await this.session.store.look([{ key: this.key, upTo: 0 }], deadline)
    return state as ResourceState
  }

  /** @throws SeraError timed-out, usage, conflict, lock-failed; the signal's reason */
  protected async acquireClaim({ spec, policy }: PrimitiveRequest, { wait, signal }: WaitOptions): Promise<OwnClaim> {
    const { session, key } = this
    const waitMs = parseDurationOption('wait', wait ?? 'forever')
    const until = session.clock.now() + waitMs
    const ownClaim = await acquire(session, session.newClaim(key), spec, policy, { until, signal })
    return ownClaim ?? timedOut(key, waitMs)
  }

  /** Like `acquireClaim`, where the grant is all there is to it: the claim, the record of the grant, goes. */
  protected async pass(request: PrimitiveRequest, options: WaitOptions): Promise<OwnClaim> {
    const ownClaim = await this.acquireClaim(request, options)
    await this.leaveClaim(ownClaim)
    return ownClaim
  }

  /** The claim goes, if it is there. */
  protected async leaveClaim(ownClaim: OwnClaim): Promise<void> {
    // who has passed has passed, whether or not the server can be told; the claim's lease ends it too
    if (ownClaim.seen) await this.session.leave(ownClaim).catch(() => {})
    else this.session.forget(ownClaim)
  }
}

export function timedOut({ kind, name }: ResourceKey, waitMs: number): never {
  throw new SeraError('timed-out', `${kind} ${name}: timed out after ${formatDuration(waitMs)}`)
}

function publicContender(claimant: Claimant): Contender {
  const { state, host, pid, user, command, sinceMs, mode, units, tag, slot, token } = claimant
  return { state, host, pid, user, command, sinceMs, mode, units, tag, slot, token }
}

/** The change that lets one claim on. */
export function granted({ id }: Claim, more: Omit<ClaimChange, 'id' | 'state'> = {}): Change {
  return { claims: [{ id, state: 'granted', ...more }] }
}

/** Durations and waits as users of the library write them. */
export interface WaitOptions {
  /** Milliseconds, or text like `'500ms'`, `'30s'`, `'1h30m'` or `'forever'`, which is the default. 0: one try. */
  wait?: number | string | undefined
  /** Breaks the wait off: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

/**
 * Milliseconds of a duration; Infinity for `forever`. `what` is what messages call it.
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
