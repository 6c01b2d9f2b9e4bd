/** Summaries of the claims at a resource, for the progress line of a waiter: holders, its place, missing participants. */
import type { Holder, MutexEngine } from '../../claims/lock.js'
import type { ClaimWithOwner } from '../../claims/model.js'
import type { Clock } from '../../clock.js'
import { describeHolder, ordinal } from '../../status/claim-text.js'
import { type Summary, sinceThen } from './progress-line.js'
import type { HolderFacts } from './report.js'

/** A summary of the claims at a resource, read at `readAt` (monotonic ms). `mine` is the id of the own claim. */
export type QueueSummary = (claims: readonly ClaimWithOwner[], mine: string, readAt: number) => Summary

/** For a lock: the own place in the queue, and the holder. */
export const queueSummary: QueueSummary = (claims, mine, readAt) => now => {
  const holders = claims.filter(({ state }) => state === 'granted')
  return [placeInQueue(claims, mine), heldBy(holders, now - readAt)].filter(Boolean).join(', ')
}

/** For a counter, which has no holder. */
export const counterSummary: QueueSummary = (claims, mine) => () => {
  const place = placeInQueue(claims, mine)
  const { units = 0 } = claims.find(({ id }) => id === mine) ?? {}
  return place === '' || place === NEXT ? `the value is less than ${-units}` : place
}

/** For a barrier of `count`: how many are missing, and which participants have arrived. */
export function barrierSummary(count: number): QueueSummary {
  return (claims, mine) => () => {
    const others = claims.filter(({ id, state }) => state === 'waiting' && id !== mine)
    const missing = Math.max(0, count - others.length - 1)
    return `${missing} of ${count} missing, ${others.length === 0 ? 'no other has arrived' : `arrived: ${listed(others.map(nameOf))}`}`
  }
}

/** For a double barrier, which admits no participant while a round runs. */
export function doubleBarrierSummary(count: number): QueueSummary {
  return (claims, mine, readAt) => now => {
    const running = longestFirst(claims.filter(({ state }) => state === 'granted'))
    if (!running[0]) return barrierSummary(count)(claims, mine, readAt)(now)
    return `a round has been running for ${sinceThen(running[0].sinceMs + now - readAt)}: ${listed(running.map(nameOf))}`
  }
}

/** For the end of a round at a double barrier: the participants that still run. */
export function departureSummary(generation: number | undefined): QueueSummary {
  return (claims, mine) => () => {
    const atWork = claims.filter(one => one.state === 'granted' && one.generation === generation && one.id !== mine)
    return atWork.length === 0 ? 'all have finished' : `still running: ${listed(atWork.map(nameOf))}`
  }
}

/** For a gate, which has no holder: the number of other waiters. */
export const gateSummary: QueueSummary = (claims, mine) => () => {
  const others = claims.filter(({ id, state }) => id !== mine && state === 'waiting').length
  return others === 0 ? 'the gate is closed' : `the gate is closed, ${others} more waiting`
}

/**
 * The holder of a mutex. Engine `lease` knows the whole queue. With GET_LOCK, sera knows only how long it has seen this
 * holder; the plus sign says so.
 */
export function holderSummary(
  mutex: Pick<MutexEngine, 'holder' | 'queue'>,
  clock: Pick<Clock, 'now'>,
): () => Promise<Summary | undefined> {
  let seen: Holder | undefined
  let seenAt = 0
  return async () => {
    const queue = await mutex.queue?.()
    if (queue) return queueSummary(queue.claims, queue.mine, clock.now())
    const holder = await mutex.holder()
    if (holder?.connection !== seen?.connection || holder?.pid !== seen?.pid) seenAt = clock.now()
    seen = holder
    const since = seenAt
    return holder && (now => `held for ${sinceThen(now - since)}+ by ${describeHolder(holder)}`)
  }
}

/** The holder that has held for longest. */
export function firstHolder(claims: readonly ClaimWithOwner[]): HolderFacts | undefined {
  const [holder] = longestFirst(claims.filter(({ state }) => state === 'granted'))
  return holder && { host: holder.host, pid: holder.pid, command: holder.command }
}

function heldBy(holders: readonly ClaimWithOwner[], passedMs: number): string {
  const [first, ...more] = longestFirst(holders)
  if (!first) return ''
  return `held for ${sinceThen(first.sinceMs + passedMs)} by ${describeHolder(first)}${andMore(more.length)}`
}

function longestFirst(claims: readonly ClaimWithOwner[]): ClaimWithOwner[] {
  return claims.toSorted((a, b) => b.sinceMs - a.sinceMs)
}

/** Short, because a terminal may be narrow and the holder matters more. */
const NEXT = 'next'

function placeInQueue(claims: readonly ClaimWithOwner[], mine: string): string {
  const at = claims.filter(({ state }) => state === 'waiting').findIndex(({ id }) => id === mine)
  return at === -1 ? '' : at === 0 ? NEXT : `${ordinal(at + 1)} in queue`
}

/** The line has room for this many names. */
const NAMED = 3

export function listed(names: readonly string[]): string {
  return `${names.slice(0, NAMED).join(', ')}${andMore(names.length - NAMED)}`
}

export function nameOf({ tag, host, pid }: ClaimWithOwner): string {
  return tag ?? `${host} pid ${pid}`
}

function andMore(count: number): string {
  return count > 0 ? ` and ${count} more` : ''
}
