/** The view that `sera status` shows: all resources with their claims, the most urgent first. */
import { type ClaimState, type ClaimWithOwner, NEVER_MS, NO_PROCESS, type Resource } from '../claims/model.js'
import type { GetLock, LockSession } from '../store/get-lock/snapshot.js'
import type { ResourceSnapshot, StoreSnapshot } from '../store/snapshot.js'

export interface StatusView extends Pick<StoreSnapshot, 'server' | 'isCut' | 'unseen'> {
  /** By the server's clock, ms since 1970. */
  at: number
  views: readonly ResourceView[]
}

/** One resource. */
export interface ResourceView {
  kind: string
  name: string
  /** For a mutex only. */
  engine: 'get_lock' | 'lease' | undefined
  /** The row in the lock tables, if there is one. */
  resource: Resource | undefined
  /** Holders first, then waiters in order of arrival. */
  claims: readonly ClaimView[]
}

/** One claim; an unknown field is undefined. */
export interface ClaimView extends Partial<Pick<ClaimWithOwner, 'id' | 'user' | 'ticket' | 'token' | 'mode' | 'slot'>> {
  state: ClaimState
  host: string | undefined
  pid: number | undefined
  command: string | undefined
  /** How long it has been in its state, ms. */
  sinceMs: number | undefined
  /** Negative: expired, but not reaped yet. Undefined: it never expires. */
  leaseLeftMs?: number | undefined
  units?: number
  generation?: number | undefined
  tag?: string | undefined
  labels?: string | undefined
  selector?: string | undefined
  /** The server's number for the connection that holds or waits. */
  connection?: number
}

export function statusViewOf({ server, now, isCut, unseen, resources, getLocks }: StoreSnapshot): StatusView {
  const views = [...resources.map(viewOfResource), ...getLocks.map(viewOfGetLock)].filter(view => hasContent(view, now))
  return { server, at: now / 1000, isCut, unseen, views: views.sort(byUrgency) }
}

/** Expired by the server's clock. Its owner is most likely dead, so it counts as neither holder nor waiter. */
export function isExpired({ leaseLeftMs = 0 }: Pick<ClaimView, 'leaseLeftMs'>): boolean {
  return leaseLeftMs < 0
}

export function holders({ claims }: ResourceView): ClaimView[] {
  return claims.filter(claim => claim.state === 'granted' && !isExpired(claim))
}

export function waiters({ claims }: ResourceView): ClaimView[] {
  return claims.filter(claim => claim.state === 'waiting' && !isExpired(claim))
}

/** How many participants are missing; undefined if the resource is not a barrier that waits for participants. */
export function missingAt(view: ResourceView): number | undefined {
  const { kind, resource } = view
  if ((kind !== 'barrier' && kind !== 'double-barrier') || resource?.capacity === undefined) return undefined
  if (holders(view).length > 0 && kind === 'double-barrier') return undefined
  const waiting = waiters(view).length
  return waiting === 0 && isUsedUp(view) ? undefined : Math.max(0, resource.capacity - waiting)
}

/** A single-use barrier whose one round is over. */
export function isUsedUp({ kind, resource }: ResourceView): boolean {
  return kind === 'barrier' && resource !== undefined && resource.value !== 0
}

/** The newest grant at a gate is its closing, and the token is the time of it. */
export function closedSince({ resource }: ResourceView): number | undefined {
  return resource?.grantedToken === undefined ? undefined : resource.grantedToken / 1000
}

/** When a closed gate opens by itself, ms since 1970; Infinity: never. Undefined: not a closed gate. */
export function opensAt({ kind, resource }: ResourceView, at: number): number | undefined {
  if (kind !== 'gate' || !resource || resource.value / 1000 <= at) return undefined
  return resource.value === Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : resource.value / 1000
}

function viewOfResource({ key, resource, claims }: ResourceSnapshot): ResourceView {
  const members = claims
    .filter(claim => isThere(claim) && !hasPassed(key.kind, claim))
    .map(viewOfClaim)
    .toSorted((a, b) => RANK[a.state] - RANK[b.state])
  return { ...key, engine: key.kind === 'mutex' ? 'lease' : undefined, resource, claims: members }
}

const RANK: Record<ClaimState, number> = { granted: 0, leaving: 1, waiting: 2 }

/** A claim without a process is not shown after its lease has ended. A claim with an endless lease always is. */
function isThere({ processId, leaseMs, overdueMs }: ClaimWithOwner): boolean {
  return processId !== NO_PROCESS || leaseMs === NEVER_MS || overdueMs <= 0
}

/** Kinds without holders: a granted claim is only a record of an operation. */
const PASSED = ['gate', 'counter', 'barrier', 'rendezvous']

function hasPassed(kind: string, { state }: ClaimWithOwner): boolean {
  return state === 'granted' && PASSED.includes(kind)
}

function viewOfClaim({ overdueMs, leaseMs, ...claim }: ClaimWithOwner): ClaimView {
  const { id, state, host, user, command, sinceMs, ticket, token, mode, units, slot, generation } = claim
  const { tag, labels, selector } = claim
  const pid = claim.pid || undefined
  const leaseLeftMs = leaseMs === NEVER_MS ? undefined : -overdueMs
  return {
    ...{ id, state, host, pid, user, command, sinceMs, leaseLeftMs, ticket, token, mode, units, slot },
    ...{ generation, tag, labels, selector },
  }
}

function viewOfGetLock({ name, holder, waiting }: GetLock): ResourceView {
  const claim = (state: ClaimState, { waitedMs, ...session }: LockSession): ClaimView => {
    return { ...session, state, sinceMs: waitedMs }
  }
  const held = holder ? [claim('granted', holder)] : []
  const claims = [...held, ...waiting.map(session => claim('waiting', session))]
  return { kind: 'mutex', name, engine: 'get_lock', resource: undefined, claims }
}

/** A gate that opened by itself has nothing to show. */
function hasContent(view: ResourceView, now: number): boolean {
  return view.claims.length > 0 || view.kind !== 'gate' || opensAt(view, now / 1000) !== undefined
}

/**
 * First resources that block waiters, by the longest wait; then resources where participants wait for each other, held
 * ones, ones without claims, and last those with expired claims only.
 */
function byUrgency(a: ResourceView, b: ResourceView): number {
  return urgency(a) - urgency(b) || longest(b) - longest(a) || compare(a.kind, b.kind) || compare(a.name, b.name)
}

function urgency(view: ResourceView): number {
  const waits = waiters(view).length > 0
  const blocks = holders(view).length > 0 || view.kind === 'gate'
  if (waits) return blocks ? 0 : 1
  if (view.claims.length === 0) return 3
  return view.claims.every(isExpired) ? 4 : 2
}

function longest(view: ResourceView): number {
  const those = waiters(view).length > 0 ? waiters(view) : view.claims
  return Math.max(0, ...those.map(({ sinceMs }) => sinceMs ?? 0))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
