/** What `sera status` shows: all that is held and waited for, whatever holds it, in the order that matters to people. */
import { type ClaimState, type Contender, NEVER_MS, NOBODY, type Resource } from '../store/claims.js'
import type { GetLock, LockSession } from '../store/get-lock-survey.js'
import type { Survey, Surveyed } from '../store/survey.js'

export interface Picture extends Pick<Survey, 'server' | 'isCut' | 'unseen'> {
  /** By the server's clock, ms since 1970. */
  at: number
  sights: readonly Sight[]
}

/** One resource. */
export interface Sight {
  kind: string
  name: string
  /** Of a mutex. */
  engine: 'get_lock' | 'lease' | undefined
  /** Of what is in the lock tables. */
  resource: Resource | undefined
  /** Who holds first, then who waits, in order of arrival. */
  members: readonly Member[]
}

/** One who holds or waits; what is not known of him is undefined. */
export interface Member extends Partial<Pick<Contender, 'id' | 'user' | 'ticket' | 'token' | 'mode' | 'slot'>> {
  state: ClaimState
  host: string | undefined
  pid: number | undefined
  command: string | undefined
  /** For how long he has been in his state, ms. */
  sinceMs: number | undefined
  /** Negative: the lease is over, and the claim has not been reaped yet. Undefined: for ever. */
  leaseLeftMs?: number | undefined
  units?: number
  generation?: number | undefined
  tag?: string | undefined
  labels?: string | undefined
  selector?: string | undefined
  /** The server's number for the connection that holds or waits. */
  connection?: number
}

export function pictureOf({ server, now, isCut, unseen, resources, getLocks }: Survey): Picture {
  const sights = [...resources.map(fromTables), ...getLocks.map(fromGetLock)].filter(sight => tells(sight, now))
  return { server, at: now / 1000, isCut, unseen, sights: sights.sort(byUrgency) }
}

/** Its lease is over by the server's clock: most likely dead, and to be reaped. It neither holds nor waits. */
export function isExpired({ leaseLeftMs = 0 }: Pick<Member, 'leaseLeftMs'>): boolean {
  return leaseLeftMs < 0
}

export function holders({ members }: Sight): Member[] {
  return members.filter(member => member.state === 'granted' && !isExpired(member))
}

export function waiters({ members }: Sight): Member[] {
  return members.filter(member => member.state === 'waiting' && !isExpired(member))
}

/** How many have to come before all may go; undefined where that is not what is waited for. */
export function missingAt(sight: Sight): number | undefined {
  const { kind, resource } = sight
  if ((kind !== 'barrier' && kind !== 'double-barrier') || resource?.capacity === undefined) return undefined
  if (holders(sight).length > 0 && kind === 'double-barrier') return undefined
  const waiting = waiters(sight).length
  return waiting === 0 && isUsedUp(sight) ? undefined : Math.max(0, resource.capacity - waiting)
}

/** A single-use barrier that has let its parties go, and remembers that. */
export function isUsedUp({ kind, resource }: Sight): boolean {
  return kind === 'barrier' && resource !== undefined && resource.value !== 0
}

/** The newest grant at a gate is whoever closed it, and its token the time. */
export function closedSince({ resource }: Sight): number | undefined {
  return resource?.grantedToken === undefined ? undefined : resource.grantedToken / 1000
}

/** When a gate opens by itself, ms since 1970; Infinity: when somebody opens it. Undefined: it is no closed gate. */
export function opensAt({ kind, resource }: Sight, at: number): number | undefined {
  if (kind !== 'gate' || !resource || resource.value / 1000 <= at) return undefined
  return resource.value === Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : resource.value / 1000
}

function fromTables({ key, resource, claims }: Surveyed): Sight {
  const members = claims
    .filter(claim => isThere(claim) && !hasPassed(key.kind, claim))
    .map(fromClaim)
    .toSorted((a, b) => RANK[a.state] - RANK[b.state])
  return { ...key, engine: key.kind === 'mutex' ? 'lease' : undefined, resource, members }
}

const RANK: Record<ClaimState, number> = { granted: 0, leaving: 1, waiting: 2 }

/** Who was given a time, and no process, is gone when it is over; who was given it for ever never is. */
function isThere({ processId, leaseMs, overdueMs }: Contender): boolean {
  return processId !== NOBODY || leaseMs === NEVER_MS || overdueMs <= 0
}

/** Nobody holds these: what was granted there is a record of what was done. */
const PASSED = ['gate', 'counter', 'barrier', 'rendezvous']

function hasPassed(kind: string, { state }: Contender): boolean {
  return state === 'granted' && PASSED.includes(kind)
}

function fromClaim({ overdueMs, leaseMs, ...claim }: Contender): Member {
  const { id, state, host, user, command, sinceMs, ticket, token, mode, units, slot, generation } = claim
  const { tag, labels, selector } = claim
  const pid = claim.pid || undefined
  const leaseLeftMs = leaseMs === NEVER_MS ? undefined : -overdueMs
  return {
    ...{ id, state, host, pid, user, command, sinceMs, leaseLeftMs, ticket, token, mode, units, slot },
    ...{ generation, tag, labels, selector },
  }
}

function fromGetLock({ name, holder, waiting }: GetLock): Sight {
  const member = (state: ClaimState, { waitedMs, ...session }: LockSession): Member => {
    return { ...session, state, sinceMs: waitedMs }
  }
  const held = holder ? [member('granted', holder)] : []
  const members = [...held, ...waiting.map(session => member('waiting', session))]
  return { kind: 'mutex', name, engine: 'get_lock', resource: undefined, members }
}

/** A gate that has opened by itself is as good as none. */
function tells(sight: Sight, now: number): boolean {
  return sight.members.length > 0 || sight.kind !== 'gate' || opensAt(sight, now / 1000) !== undefined
}

/**
 * What others wait for comes first, by how long they do; then what they meet at, what is held, what is only remembered, and what has
 * only expired claims.
 */
function byUrgency(a: Sight, b: Sight): number {
  return urgency(a) - urgency(b) || longest(b) - longest(a) || compare(a.kind, b.kind) || compare(a.name, b.name)
}

function urgency(sight: Sight): number {
  const waits = waiters(sight).length > 0
  const blocks = holders(sight).length > 0 || sight.kind === 'gate'
  if (waits) return blocks ? 0 : 1
  if (sight.members.length === 0) return 3
  return sight.members.every(isExpired) ? 4 : 2
}

function longest(sight: Sight): number {
  const those = waiters(sight).length > 0 ? waiters(sight) : sight.members
  return Math.max(0, ...those.map(({ sinceMs }) => sinceMs ?? 0))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
