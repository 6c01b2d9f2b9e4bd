/** How `sera status` puts it: what goes on at a resource, who somebody is there, and times as people say them. */
import {
  closedSince,
  holders,
  isExpired,
  isUsedUp,
  type Member,
  missingAt,
  opensAt,
  type Sight,
  waiters,
} from '../../status/picture.js'

/** The two largest units: `45s`, `3m 12s`, `2h 5m`, `12d 3h`; negative for what should have been. */
export function spell(ms: number): string {
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
export function situation(sight: Sight, at: number): string {
  return [stateOf(sight, at), queueOf(sight), expiredOf(sight)].filter(Boolean).join(', ')
}

function stateOf(sight: Sight, at: number): string {
  const { kind, resource } = sight
  const held = holders(sight)
  switch (kind) {
    case 'rwlock':
      return held.length === 0
        ? freeUnlessExpired(sight)
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
      return missing(sight) || (isUsedUp(sight) ? 'used, for a single use' : '')
    case 'double-barrier':
      return held.length > 0 ? `${held.length} at work` : missing(sight)
    case 'gate':
      return gateState(sight, at)
    case 'once':
      return held.length > 0 ? 'running' : lastRun(resource?.record, at)
    case 'rendezvous':
      return ''
    default:
      return held.length > 0 ? 'held' : freeUnlessExpired(sight)
  }
}

/** A holder whose lease is over keeps others out until it is reaped. */
function freeUnlessExpired({ members }: Sight): string {
  return members.some(member => member.state === 'granted' && isExpired(member)) ? '' : 'free'
}

function expiredOf({ members }: Sight): string {
  const expired = members.filter(isExpired).length
  return expired === 0 ? '' : `${expired} expired`
}

/** Those who wait at a barrier are the state of it. */
function queueOf(sight: Sight): string {
  const waiting = waiters(sight).length
  const isMeeting = sight.kind === 'barrier' || (sight.kind === 'double-barrier' && holders(sight).length === 0)
  return waiting === 0 || isMeeting ? '' : `${waiting} ${waiting === 1 ? 'waits' : 'wait'}`
}

function sum(members: readonly Member[]): number {
  return members.reduce((total, { units = 1 }) => total + units, 0)
}

function missing(sight: Sight): string {
  const count = missingAt(sight)
  return count === undefined ? '' : `${count} of ${sight.resource?.capacity} missing`
}

function gateState(sight: Sight, at: number): string {
  const until = opensAt(sight, at)
  if (until === undefined) return 'open'
  const since = closedSince(sight)
  const closed = since === undefined ? 'closed' : `closed for ${spell(Math.max(0, at - since))}`
  return Number.isFinite(until) ? `${closed}, opens in ${spell(until - at)}` : closed
}

/** Of the runs in a once key's record, which is by what became of them. */
function lastRun(record: string | undefined, at: number): string {
  const runs = Object.values(JSON.parse(record ?? '{}') as Record<string, Run>)
  const [run] = runs.toSorted((a, b) => b.finishedAt - a.finishedAt)
  return run
    ? `last run: exit ${run.exitCode} on ${run.host}, ${spell(Math.max(0, at - run.finishedAt / 1000))} ago`
    : 'not run'
}

interface Run {
  exitCode: number
  host: string
  /** µs since 1970 */
  finishedAt: number
}

/** What somebody does there; `place` from 1 is his place among those who wait. */
export function doing(kind: string, { state, mode, slot, units = 1 }: Member, place: number): string {
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
export function whoIs({ user, host, pid, connection }: Member): string {
  if (host === undefined) return `connection ${connection}`
  const account = user ? `${user}@` : ''
  const process = pid === undefined ? connection && ` connection ${connection}` : ` pid ${pid}`
  return `${account}${host}${process ?? ''}`
}

/** What he runs, and as what. */
export function whatRuns({ host, tag, labels, selector, units = 1, command }: Member, kind: string): string {
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
export function leaseOf(member: Member): string {
  const { leaseLeftMs } = member
  if (leaseLeftMs === undefined) return ''
  return isExpired(member) ? `expired ${spell(Math.max(-leaseLeftMs, 1000))}` : `lease ${spell(leaseLeftMs)}`
}
