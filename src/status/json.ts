/** The status as an object for programs: a contract (docs/reference/status-json.md). Unknown and inapplicable fields are absent. */
import type { PastRunRecord } from '../primitives/once/run-record.js'
import {
  type ClaimView,
  closedSince,
  isExpired,
  missingAt,
  opensAt,
  type ResourceView,
  type StatusView,
} from './resource-view.js'

export type StatusObject = ReturnType<typeof statusObject>

export function statusObject({ server, at, views, unseen }: StatusView) {
  return { server, at: time(at), resources: views.map(view => resourceObject(view, at)), unseen }
}

/** The object as text without times. Two texts differ only if something happened in between. */
export function withoutTimes(object: StatusObject): string {
  return JSON.stringify(object, (key, value) => (TIMES.includes(key) ? undefined : value))
}

const TIMES = ['at', 'sinceMs', 'leaseLeftMs']

export function claimObject({ sinceMs, leaseLeftMs, ticket, token, id: _, ...known }: ClaimView) {
  return {
    ...known,
    sinceMs: rounded(sinceMs),
    leaseLeftMs: rounded(leaseLeftMs),
    overdue: leaseLeftMs === undefined ? undefined : isExpired({ leaseLeftMs }),
    ticket: ticket?.toString(),
    token: token?.toString(),
  }
}

function resourceObject(view: ResourceView, at: number) {
  const { kind, name, engine, resource, claims } = view
  return {
    ...{ kind, name, engine },
    ...(resource ? OWN[kind]?.(view, at) : {}),
    claims: claims.map(claimObject),
  }
}

/** The fields of a kind, in addition to its claims. */
const OWN: Record<string, (view: ResourceView, at: number) => object> = {
  semaphore: ({ resource }) => ({ permits: resource?.capacity }),
  pool: ({ resource }) => ({ maxLocks: resource?.capacity }),
  counter: ({ resource }) => ({ value: resource?.value }),
  barrier: view => ({ count: view.resource?.capacity, missing: missingAt(view) }),
  'double-barrier': view => ({ count: view.resource?.capacity, missing: missingAt(view) }),
  gate: (view, at) => gateObject(opensAt(view, at), closedSince(view)),
  once: ({ resource }) => ({ record: resource?.record === undefined ? undefined : recordObject(resource.record) }),
}

function gateObject(until: number | undefined, since: number | undefined) {
  if (until === undefined) return { state: 'open' }
  return {
    state: 'closed',
    closedSince: since === undefined ? undefined : time(since),
    opensAt: Number.isFinite(until) ? time(until) : null,
  }
}

function recordObject(record: string) {
  const { success, failure } = JSON.parse(record)
  return { success: success && runObject(success), failure: failure && runObject(failure) }
}

function runObject({ exitCode, host, pid, user, command, startedAt, finishedAt }: PastRunRecord) {
  return { exitCode, host, pid, user, command, startedAt: fromMicros(startedAt), finishedAt: fromMicros(finishedAt) }
}

function fromMicros(us: number | undefined): string | undefined {
  return us === undefined ? undefined : time(us / 1000)
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}

function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms)
}
