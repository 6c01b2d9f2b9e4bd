/**
 * Barrier: blocks until `count` have arrived, then all go. It can be used again at once.
 *
 * Admission: when as many wait as there must be, whoever sees it (the last to arrive) starts the next generation and grants all of the
 * former in one step. The dead don't count, nor does whoever has not been heard of for a lease: nobody sets out with a party that may
 * be dead. If it is not, it counts again with its next renewal.
 *
 * A tag counts once. A participant that was restarted takes the claim with its tag over, be it that it still waits, or that it
 * has been granted and was not seen before the restart. Who names another count than those who wait is told so, and
 * they are not disturbed.
 *
 * Single-use: when it has let its parties go, a later arrival gets a conflict. The resource's value says until when that is
 * remembered, µs since 1970; with a record, however empty, the weekly sweep takes the resource after that.
 * (A grant whose claim could not be taken away, the server being gone just then, is there for a lease: whoever comes with its
 * tag within that time passes.)
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
    if (namesake?.state === 'granted') return succeeding(namesake, me)
    const waiting = others.filter(one => one.state === 'waiting' && one.overdueMs <= 0 && one !== namesake)
    const objection = disagreement(state, waiting, count, me)
    if (objection) return objection
    const change: Change = {
      ...(namesake ? { remove: [namesake.id] } : {}),
      ...(resource.capacity === count ? {} : { resource: { capacity: count } }),
    }
    return waiting.length + 1 < count ? change : release([...waiting, me], change, state, keepMs)
  }
}

/** The one who was there before under my tag has been let go already: so am I. */
function succeeding({ id, generation }: Claim, me: Claim): Change {
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

/** Sera 2.0 kept no value for it. */
function isUsedUp({ resource: { generation, value }, now }: ResourceState): boolean {
  return generation > 0 && (value === 0 || value > now)
}

function disagreement(state: ResourceState, waiting: readonly Claim[], count: number, me: Claim): Conflict | undefined {
  const { resource } = state
  if (isSingleUse(me) && isUsedUp(state)) {
    return { conflict: 'this barrier is for a single use and has let its parties go already' }
  }
  if (resource.capacity === count || waiting.length === 0) return undefined
  return { conflict: `those who wait at this barrier expect ${resource.capacity} parties, not ${count}` }
}

/** `keepMs`: for how long a single-use barrier remembers that it has let its parties go. */
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

export interface BarrierOptions {
  /** A later arrival, after the parties have gone, gets a conflict. */
  singleUse?: boolean | undefined
  /** With `singleUse`: for how long that is remembered. Default: `'forever'`. */
  keep?: number | string | undefined
}

export interface ArriveOptions extends WaitOptions {
  /** Who arrives: counts once, also when it is restarted and arrives again. */
  tag?: string | undefined
}

export class Barrier extends Primitive {
  readonly count: number
  readonly #asked: Arrival

  /** @internal */
  constructor(session: Session, name: string, count: number, options: BarrierOptions = {}) {
    super(session, 'barrier', name)
    const { singleUse, keep = 'forever' } = options
    this.count = checkCount('count', count)
    this.#asked = { count, singleUse, keepMs: parseDurationOption('keep', keep) }
  }

  /**
   * Waits until `count` have arrived.
   *
   * @returns `generation`: how many times the barrier has let its parties go, this time included
   * @throws SeraError timed-out, lock-failed, usage; conflict, when those who wait expect another count, or when it is too late
   * at a barrier for a single use; the signal's reason
   * @example await sera.barrier('shards ready', 8).arrive({ tag: 'shard-3', wait: '10m' })
   */
  async arrive({ tag, ...wait }: ArriveOptions = {}): Promise<{ generation: number }> {
    const { seen: claim } = await this.pass(barrierRequest({ ...this.#asked, tag }), wait)
    return { generation: claim?.generation as number }
  }
}
