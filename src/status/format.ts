/** How `sera status` puts it: what goes on at a resource, who somebody is there, and times as people say them. */
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

/** The two largest units: `45s`, `3m 12s`, `2h 5m`, `12d 3h`; negative for what should have been. */
export function formatLength(ms: number): string {
  const seconds = Math.floor(Math.abs(ms) / 1000)
  const amounts = UNITS.map(([unit, size, limit]) => [Math.floor(seconds / size) % limit, unit] as const)
  const largest = amounts.findIndex(([amount]) => amount > 0)
  const said =
    largest === -1 ? [[0, 's'] as const] : amounts.slice(largest, largest + 2).filter(([amount]) => amount > 0)
  return `${ms < 0 ? '-' : ''}${said.map(([amount, unit]) => `${amount}${unit}`).join(' ')}`
}

const UNITS = [
  ['d', 86_400, Number.POSITIVE_INFINITY],
  ['h', 3600, 24],
  ['m', 60, 60],
  ['s', 1, 60],
] as const

/** What goes on there, at `at` (ms since 1970, the server's clock). */
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
          ? 'being written'
          : `${held.length} read`
    case 'semaphore':
      return `${sum(held)} of ${resource?.capacity ?? '?'} permits taken`
    case 'pool':
      return `${held.length} of ${resource?.capacity ?? '?'} taken`
    case 'counter':
      return `value ${resource?.value ?? 0}`
    case 'barrier':
      return missing(view) || (isUsedUp(view) ? 'used, for a single use' : '')
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

/** A holder whose lease is over keeps others out until it is reaped. */
function freeUnlessExpired({ claims }: ResourceView): string {
  return claims.some(claim => claim.state === 'granted' && isExpired(claim)) ? '' : 'free'
}

function expiredOf({ claims }: ResourceView): string {
  const expired = claims.filter(isExpired).length
  return expired === 0 ? '' : `${expired} expired`
}

/** Those who wait at a barrier are the state of it. */
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

/** Of the runs in a once key's record, which is by what became of them. */
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

/** What somebody does there; `place` from 1 is his place among those who wait. */
export function doing(kind: string, { state, mode, slot, units = 1 }: ClaimView, place: number): string {
  if (state === 'leaving') return 'left'
  if (state === 'granted') return DOES[kind]?.(mode, slot) ?? 'holds'
  if (MEETINGS.includes(kind)) return 'waits'
  const wants = kind === 'rwlock' ? ` ${mode}` : kind === 'counter' ? ` ${units}` : ''
  return `${ordinal(place)}${wants}`
}

const DOES: Record<string, (mode: string | undefined, slot: number | undefined) => string> = {
  rwlock: mode => (mode === 'write' ? 'writes' : 'reads'),
  semaphore: (_, slot) => `slot ${slot}`,
  once: () => 'runs',
  'double-barrier': () => 'at work',
  barrier: () => 'goes',
  rendezvous: () => 'goes',
}

const MEETINGS = ['barrier', 'double-barrier', 'gate', 'rendezvous']

function ordinal(n: number): string {
  const ending = n % 100 >= 11 && n % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')
  return `${n}${ending}`
}

/** `root@web-2 pid 4312`, as far as it is known. */
export function whoIs({ user, host, pid, connection }: ClaimView): string {
  if (host === undefined) return `connection ${connection}`
  const account = user ? `${user}@` : ''
  const process = pid === undefined ? connection && ` connection ${connection}` : ` pid ${pid}`
  return `${account}${host}${process ?? ''}`
}

/** What he runs, and as what. */
export function whatRuns({ host, tag, labels, selector, units = 1, command }: ClaimView, kind: string): string {
  return [
    tag === undefined || tag === host ? '' : `as ${tag}`,
    labels ?? '',
    selector ? `wants ${selector}` : '',
    kind === 'semaphore' && units > 1 ? `${units} units` : '',
    command ?? '',
  ]
    .filter(Boolean)
    .join('  ')
}

/** For how long the claim lives without a renewal, or how long ago its lease ended. */
export function leaseOf(claim: ClaimView): string {
  const { leaseLeftMs } = claim
  if (leaseLeftMs === undefined) return ''
  return isExpired(claim)
    ? `expired ${formatLength(Math.max(-leaseLeftMs, 1000))}`
    : `lease ${formatLength(leaseLeftMs)}`
}
