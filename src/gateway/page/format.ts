/** The page's texts about a resource and its claims. */
import { activityOf, formatLength, MEETINGS, participantOf, whoIs } from './claim-text.js'
import { type ClaimJson, holds, isHeld, longestWait, type ResourceJson, type RunJson, waits } from './status.js'

/** Text, or a time (ms since 1970) that is shown relative to now and updates itself. */
export type Piece = string | { since: number } | { until: number }

/** A finished duration, to about three digits: `340ms`, `2.4s`, `3m 12s`. */
export function lengthOf(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))}ms`
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)}s` : formatLength(ms)
}

/** The state of a resource. `at` is the time of the status, ms since 1970. */
export function situation(resource: ResourceJson, at: number): Piece[] {
  const held = resource.claims.filter(holds)
  const [first] = held
  const since: Piece[] = first?.sinceMs === undefined ? [] : [' for ', { since: at - first.sinceMs }]
  const count = held.length
  switch (resource.kind) {
    case 'rwlock':
      if (first?.mode === 'write') return ['1 writer', ...since]
      return count === 0 ? freeUnlessExpired(resource) : [`${count} ${count === 1 ? 'reader' : 'readers'}`]
    case 'semaphore':
      return [`${sum(held)} of ${resource.permits ?? '?'} permits taken`]
    case 'pool':
      return resource.maxLocks === undefined
        ? [`${count} holders`]
        : [`${count} of ${resource.maxLocks} taken`, ...since]
    case 'counter':
      return [`value ${resource.value ?? 0}`]
    case 'barrier':
    case 'double-barrier':
      if (count > 0) return [`${count} at work`, ...since]
      return resource.missing === undefined
        ? []
        : [`${(resource.count ?? 0) - resource.missing} of ${resource.count} arrived`]
    case 'gate':
      return gate(resource)
    case 'once':
      return count > 0 ? ['running', ...since] : lastRun(resource.record)
    case 'rendezvous':
      return []
    default:
      return count === 0 ? freeUnlessExpired(resource) : count === 1 ? ['held', ...since] : [`${count} holders`]
  }
}

/** A claim that has expired still holds the resource until it is reaped. */
function freeUnlessExpired({ claims }: ResourceJson): Piece[] {
  return claims.some(claim => isHeld(claim) && claim.overdue) ? [] : ['free']
}

/** The number of waiters, and the longest wait. */
export function queue(resource: ResourceJson, at: number): Piece[] {
  const waiting = resource.claims.filter(waits).length
  if (waiting === 0) return []
  const longest = longestWait(resource)
  const since: Piece[] = longest === undefined ? [] : [', ', { since: at - longest }]
  return [`${waiting} waiting`, ...since]
}

function gate({ state, closedSince, opensAt }: ResourceJson): Piece[] {
  if (state !== 'closed') return ['open']
  const since: Piece[] = closedSince === undefined ? [] : [' for ', { since: Date.parse(closedSince) }]
  const until: Piece[] = typeof opensAt === 'string' ? [', opens in ', { until: Date.parse(opensAt) }] : []
  return ['closed', ...since, ...until]
}

function lastRun(record: ResourceJson['record']): Piece[] {
  const runs = [record?.success, record?.failure].filter((run): run is RunJson => run !== undefined)
  const [run] = runs.sort((a, b) => finished(b) - finished(a))
  if (!run) return ['not run yet']
  return [`last run: exit ${run.exitCode} on ${run.host ?? 'a host'}, `, { since: finished(run) }, ' ago']
}

function finished({ finishedAt }: RunJson): number {
  return finishedAt === undefined ? 0 : Date.parse(finishedAt)
}

function sum(claims: readonly ClaimJson[]): number {
  return claims.reduce((total, { units = 1 }) => total + units, 0)
}

/** What a claim does. `place` is its place in the queue, from 1. */
export function doing(kind: string, claim: ClaimJson, place: number): string {
  const { state, mode, units = 1 } = claim
  if (state === 'leaving') return 'waits to leave'
  return activityOf(kind, claim, place, kind === 'rwlock' ? ` to ${mode}` : kind === 'counter' ? ` for ${units}` : '')
}

/** The first participants, in a line: the holders, or at a barrier and the like all that have arrived. */
export function participants({ kind, claims }: ResourceJson): string {
  const held = claims.filter(isHeld)
  const isMeeting = MEETINGS.includes(kind)
  const [first, ...others] = held.length > 0 || !isMeeting ? held : claims
  if (!first) return ''
  if (isMeeting) return [first, ...others].slice(0, 6).map(tagOf).join(', ') + (others.length > 5 ? ', …' : '')
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  return `${whoIs(first)}${more}${first.command ? ` · ${first.command}` : ''}`
}

/** Its tag or actor. */
function tagOf(claim: ClaimJson): string {
  return claim.tag ?? /(?:^|,)actor=([^,]+)/.exec(claim.labels ?? '')?.[1] ?? participantOf(claim)
}

/** A lock without a given name is named by a hash: its first characters are enough. */
export function nameOf({ name }: { name: string }): string {
  return /^[0-9a-f]{32}$/.test(name) ? `${name.slice(0, 7)}…` : name
}
