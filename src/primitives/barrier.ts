/**
 * Barrier: blocks until `count` parties have arrived, then releases them all. It can be used again at once.
 *
 * Admission:
 * 1. The first step that finds `count` parties waiting, usually that of the last arrival, grants all of them in a new generation.
 * 2. A claim whose lease has run out does not count: its owner may be dead. It counts again after its next renewal.
 * 3. An arrival whose count differs from that of the waiters gets a conflict. The waiters are not affected.
 * 4. A tag counts once. A participant that was restarted takes over the claim with its tag: a waiting claim is replaced; a claim
 *    that was granted before the restart passes its grant on.
 *
 * Single-use: after the release, a later arrival gets a conflict. The resource's `value` says until when, µs since 1970. If that
 * time is limited, the resource has an empty record, so that the weekly sweep deletes it later. (A granted claim that could not be
 * removed, because the server was unreachable, stays for its lease. An arrival with its tag passes during that time.)
 * @see https://zookeeper.apache.org/doc/current/recipes.html#sc_recipes_eventHandles
 */

import type { WaitPolicy } from '../claims/acquire.js'
import type { Change, Claim, Conflict, ResourceState, Rule } from '../claims/model.js'
import { paceTogether } from '../claims/poll-rate.js'
import type { Session } from '../claims/session.js'
import { FOREVER } from './gate.js'
import { checkCount, checkName } from './names.js'
import { granted, Primitive, type PrimitiveRequest, parseDurationOption, type WaitOptions } from './primitive.js'

export function admission(count: number, keepMs = Number.POSITIVE_INFINITY): Rule {
  return (state, me) => {
    const { resource } = state
    const others = state.claims.filter(({ id }) => id !== me.id)
    const namesake = me.tag === undefined ? undefined : others.find(({ tag }) => tag === me.tag)
    if (namesake?.state === 'granted') return takeOver(namesake, me)
    const waiting = others.filter(claim => claim.state === 'waiting' && claim.overdueMs <= 0 && claim !== namesake)
    const objection = disagreement(state, waiting, count, me)
    if (objection) return objection
    const change: Change = {
      ...(namesake ? { remove: [namesake.id] } : {}),
      ...(resource.capacity === count ? {} : { resource: { capacity: count } }),
    }
    return waiting.length + 1 < count ? change : release([...waiting, me], change, state, keepMs)
  }
}

/** Takes over the grant of the former claim with my tag. */
function takeOver({ id, generation }: Claim, me: Claim): Change {
  return { ...granted(me, { generation }), remove: [id] }
}

function release(parties: readonly Claim[], change: Change, { resource, now }: ResourceState, keepMs: number): Change {
  const generation = resource.generation + 1
  const kept = parties.some(isSingleUse) ? { value: Math.min(FOREVER, now + Math.ceil(keepMs * 1000)) } : {}
  const record = Number.isFinite(keepMs) && kept.value !== undefined ? { record: '{}' } : {}
  return {
    ...change,
    claims: parties.flatMap(party => granted(party, { generation }).claims ?? []),
    resource: { ...change.resource, generation, ...kept, ...record },
  }
}

function isSingleUse({ mode }: Claim): boolean {
  return mode === 'single-use'
}

/** Value 0: written by sera 2.0, which had no limit. */
function isUsedUp({ resource: { generation, value }, now }: ResourceState): boolean {
  return generation > 0 && (value === 0 || value > now)
}

function disagreement(state: ResourceState, waiting: readonly Claim[], count: number, me: Claim): Conflict | undefined {
  const { resource } = state
  if (isSingleUse(me) && isUsedUp(state)) {
    return { conflict: 'this single-use barrier has already released its parties' }
  }
  if (resource.capacity === count || waiting.length === 0) return undefined
  return { conflict: `the waiters expect ${resource.capacity} parties, not ${count}; all participants must agree` }
}

/** `keepMs`: how long a single-use barrier remembers its release. */
export function barrier(count: number, keepMs?: number): WaitPolicy {
  return { rule: admission(count, keepMs), pace: paceTogether, onlyAhead: false, groupGrant: true, succession: true }
}

interface Arrival {
  count: number
  tag?: string | undefined
  singleUse?: boolean | undefined
  keepMs?: number | undefined
}

/** @throws SeraError usage */
export function barrierRequest({ count, tag, singleUse, keepMs }: Arrival, countName = 'count'): PrimitiveRequest {
  return {
    spec: {
      ...(singleUse ? { mode: 'single-use' } : {}),
      ...(tag === undefined ? {} : { tag: checkName('tag', tag) }),
    },
    policy: barrier(checkCount(countName, count), keepMs),
  }
}

/** Options of `sera.barrier()`. */
export interface BarrierOptions {
  /** After the release, a later arrival gets a conflict. */
  singleUse?: boolean | undefined
  /** With `singleUse`: how long the release is remembered. Default: `'forever'`. */
  keep?: number | string | undefined
}

/** Options of `arrive()` of a barrier. */
export interface ArriveOptions extends WaitOptions {
  /** The participant's name. It counts once, even if the participant is restarted and arrives again. */
  tag?: string | undefined
}

/** A handle of a barrier: it blocks until `count` participants have arrived. Made by `sera.barrier()`. */
export class Barrier extends Primitive {
  /** How many participants must arrive. */
  readonly count: number
  readonly #request: Arrival

  /** @internal */
  constructor(session: Session, name: string, count: number, options: BarrierOptions = {}) {
    super(session, 'barrier', name)
    const { singleUse, keep = 'forever' } = options
    this.count = checkCount('count', count)
    this.#request = { count, singleUse, keepMs: parseDurationOption('keep', keep) }
  }

  /**
   * Waits until `count` parties have arrived.
   *
   * @returns `generation`: the number of releases so far, including this one
   * @throws SeraError timed-out, lock-failed, usage; conflict, when the waiters expect another count, or after the release of
   * a single-use barrier; the signal's reason
   * @example await sera.barrier('shards ready', 8).arrive({ tag: 'shard-3', wait: '10m' })
   */
  async arrive({ tag, ...wait }: ArriveOptions = {}): Promise<{ generation: number }> {
    const { seen: claim } = await this.pass(barrierRequest({ ...this.#request, tag }), wait)
    return { generation: claim?.generation as number }
  }
}
