/**
 * What the handles of all primitives have in common: one resource, and the participant that waits at it. To make a handle asks
 * nothing of the server; it may be kept and used by many at once, each call with a claim of its own.
 */
import { formatDuration } from '../config/duration.js'
import { SeraError } from '../errors.js'
import type { Contender as Claimant, ClaimState, ResourceKey, ResourceState } from '../store/claims.js'
import type { Kind } from './kinds.js'
import { checkName } from './names.js'
import type { Ask, Participant } from './participant.js'
import type { Place } from './place.js'
import { takeTurn, type Waiting } from './turn.js'
import { durationOf, type WaitOptions } from './wait.js'

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

export abstract class Primitive {
  protected readonly key: ResourceKey

  /** @internal */
  constructor(
    protected readonly participant: Participant,
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
    const patience = { until: Number.POSITIVE_INFINITY, signal: options.signal }
    return (await this.participant.store.contenders(this.key, patience)).map(contender)
  }

  /** The resource as it is now; nothing is written. */
  protected async look(signal: AbortSignal | undefined): Promise<ResourceState> {
    const patience = { until: Number.POSITIVE_INFINITY, signal }
    const [state] = await this.participant.store.look([{ key: this.key, upTo: 0 }], patience)
    return state as ResourceState
  }

  /** @throws SeraError timed-out, usage, conflict, lock-failed; the signal's reason */
  protected async turn(ask: Ask, waiting: Waiting, { wait, signal }: WaitOptions): Promise<Place> {
    const { participant, key } = this
    const waitMs = durationOf('wait', wait ?? 'forever')
    const until = participant.clock.now() + waitMs
    const place = await takeTurn(participant, participant.place(key), ask, waiting, { until, signal })
    return place ?? timedOut(key, waitMs)
  }

  /** As `turn`, where what was granted is over with the grant: its claim, the record of it, goes. */
  protected async pass(ask: Ask, waiting: Waiting, options: WaitOptions): Promise<Place> {
    const place = await this.turn(ask, waiting, options)
    await this.part(place)
    return place
  }

  /** The claim goes, if it is there. */
  protected async part(place: Place): Promise<void> {
    // who has passed has passed, whether or not the server can be told; the claim's lease ends it too
    if (place.claim) await this.participant.leave(place).catch(() => {})
    else this.participant.forget(place)
  }
}

export function timedOut({ kind, name }: ResourceKey, waitMs: number): never {
  throw new SeraError('timed-out', `${kind} ${name}: timed out after ${formatDuration(waitMs)}`)
}

function contender(claimant: Claimant): Contender {
  const { state, host, pid, user, command, sinceMs, mode, units, tag, slot, token } = claimant
  return { state, host, pid, user, command, sinceMs, mode, units, tag, slot, token }
}
