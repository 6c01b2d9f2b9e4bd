/** The picture as an object for programs; a contract (README, "For programs"). What is not known or does not apply is absent. */
import type { Run } from '../primitives/run-record.js'
import { closedSince, isExpired, type Member, missingAt, opensAt, type Picture, type Sight } from './picture.js'

export type StatusObject = ReturnType<typeof statusObject>

export function statusObject({ server, at, sights, unseen }: Picture) {
  return { server, at: time(at), resources: sights.map(sight => resourceObject(sight, at)), unseen }
}

/** The object without what passes by itself: whoever compares two finds what has happened. */
export function lasting(told: StatusObject): string {
  return JSON.stringify(told, (key, value) => (TIMES.includes(key) ? undefined : value))
}

const TIMES = ['at', 'sinceMs', 'leaseLeftMs']

export function memberObject({ sinceMs, leaseLeftMs, ticket, token, id: _, ...known }: Member) {
  return {
    ...known,
    sinceMs: rounded(sinceMs),
    leaseLeftMs: rounded(leaseLeftMs),
    overdue: leaseLeftMs === undefined ? undefined : isExpired({ leaseLeftMs }),
    ticket: ticket?.toString(),
    token: token?.toString(),
  }
}

function resourceObject(sight: Sight, at: number) {
  const { kind, name, engine, resource, members } = sight
  return {
    ...{ kind, name, engine },
    ...(resource ? OWN[kind]?.(sight, at) : {}),
    claims: members.map(memberObject),
  }
}

/** What there is to tell of a kind besides who is there. */
const OWN: Record<string, (sight: Sight, at: number) => object> = {
  semaphore: ({ resource }) => ({ permits: resource?.capacity }),
  pool: ({ resource }) => ({ maxLocks: resource?.capacity }),
  counter: ({ resource }) => ({ value: resource?.value }),
  barrier: sight => ({ count: sight.resource?.capacity, missing: missingAt(sight) }),
  'double-barrier': sight => ({ count: sight.resource?.capacity, missing: missingAt(sight) }),
  gate: (sight, at) => gateObject(opensAt(sight, at), closedSince(sight)),
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

function runObject({ exitCode, host, pid, user, command, startedAt, finishedAt }: Run) {
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
