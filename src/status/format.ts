/** The words of `sera status`: the state of a resource, and what each of its claims does. */
import { activityOf, formatLength, rolesOf } from './claim-text.js'
import {
  type ClaimView,
  closedSince,
  holders,
  isExpired,
  isUsedUp,
  missingAt,
  opensAt,
  type ResourceView,
  waiters,
} from './resource-view.js'

/** The state of a resource at `at` (ms since 1970, the server's clock). */
export function situation(view: ResourceView, at: number): string {
  return [stateOf(view, at), queueOf(view), expiredOf(view)].filter(Boolean).join(', ')
}

function stateOf(view: ResourceView, at: number): string {
  const { kind, resource } = view
  const held = holders(view)
  switch (kind) {
    case 'rwlock':
      return held.length === 0
        ? freeUnlessExpired(view)
        : held[0]?.mode === 'write'
          ? '1 writer'
          : `${held.length} reader${held.length === 1 ? '' : 's'}`
    case 'semaphore':
      return `${sum(held)} of ${resource?.capacity ?? '?'} permits taken`
    case 'pool':
      return `${held.length} of ${resource?.capacity ?? '?'} taken`
    case 'counter':
      return `value ${resource?.value ?? 0}`
    case 'barrier':
      return missing(view) || (isUsedUp(view) ? 'used up (single use)' : '')
    case 'double-barrier':
      return held.length > 0 ? `${held.length} at work` : missing(view)
    case 'gate':
      return gateState(view, at)
    case 'once':
      return held.length > 0 ? 'running' : lastRun(resource?.record, at)
    case 'rendezvous':
      return ''
    default:
      return held.length > 0 ? 'held' : freeUnlessExpired(view)
  }
}

/** An expired holder still excludes others until it is reaped. */
function freeUnlessExpired({ claims }: ResourceView): string {
  return claims.some(claim => claim.state === 'granted' && isExpired(claim)) ? '' : 'free'
}

function expiredOf({ claims }: ResourceView): string {
  const expired = claims.filter(isExpired).length
  return expired === 0 ? '' : `${expired} expired`
}

/** '' for a barrier, whose state already says how many are missing. */
function queueOf(view: ResourceView): string {
  const waiting = waiters(view).length
  const isMeeting = view.kind === 'barrier' || (view.kind === 'double-barrier' && holders(view).length === 0)
  return waiting === 0 || isMeeting ? '' : `${waiting} ${waiting === 1 ? 'waits' : 'wait'}`
}

function sum(claims: readonly ClaimView[]): number {
  return claims.reduce((total, { units = 1 }) => total + units, 0)
}

function missing(view: ResourceView): string {
  const count = missingAt(view)
  return count === undefined ? '' : `${count} of ${view.resource?.capacity} missing`
}

function gateState(view: ResourceView, at: number): string {
  const until = opensAt(view, at)
  if (until === undefined) return 'open'
  const since = closedSince(view)
  const closed = since === undefined ? 'closed' : `closed for ${formatLength(Math.max(0, at - since))}`
  return Number.isFinite(until) ? `${closed}, opens in ${formatLength(until - at)}` : closed
}

/** The newest run in the record of a once key, which holds the last success and the last failure. */
function lastRun(record: string | undefined, at: number): string {
  const runs = Object.values(JSON.parse(record ?? '{}') as Record<string, RunFacts>)
  const [run] = runs.toSorted((a, b) => b.finishedAt - a.finishedAt)
  return run
    ? `last run: exit ${run.exitCode} on ${run.host}, ${formatLength(Math.max(0, at - run.finishedAt / 1000))} ago`
    : 'not run'
}

interface RunFacts {
  exitCode: number
  host: string
  /** µs since 1970 */
  finishedAt: number
}

/** The activity of a claim; `place` is its place in the queue, from 1. */
export function activity(kind: string, claim: ClaimView, place: number): string {
  const { state, mode, units = 1 } = claim
  if (state === 'leaving') return 'left'
  return activityOf(kind, claim, place, kind === 'rwlock' ? ` ${mode}` : kind === 'counter' ? ` ${units}` : '')
}

/** The roles of a claim, and its command. */
export function whatRuns(claim: ClaimView, kind: string): string {
  const { host, tag, command } = claim
  const roles = rolesOf(tag === host ? { ...claim, tag: undefined } : claim, kind)
  return [...roles, ...(command ? [command] : [])].join('  ')
}

/** How long the lease still lasts without a renewal, or how long ago it ended. */
export function leaseOf(claim: ClaimView): string {
  const { leaseLeftMs } = claim
  if (leaseLeftMs === undefined) return ''
  return isExpired(claim)
    ? `expired ${formatLength(Math.max(-leaseLeftMs, 1000))}`
    : `lease ${formatLength(leaseLeftMs)}`
}
