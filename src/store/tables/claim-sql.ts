/** SQL that reads claims and resources, and the conversion of its rows. */
import type {
  Claim,
  ClaimState,
  ClaimWithOwner,
  LookRequest,
  Resource,
  ResourceKey,
  ResourceState,
} from '../../claims/model.js'
import type { Row } from '../mysql/connection.js'

/** Microseconds since 1970, in any time zone of the session. */
export const NOW = `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))`

export const RESOURCE_COLUMNS = `r.id AS resource_id, r.version, r.granted_token, r.capacity, r.value,
  r.generation AS resource_generation, r.record, ${NOW} AS now`

/** The columns that show whether a claim has expired. */
const LIFE = `c.lease_ms, c.renewals, TIMESTAMPDIFF(MICROSECOND, c.expires_at, UTC_TIMESTAMP(6)) AS overdue,
  IF(c.seen_renewals = c.renewals, TIMESTAMPDIFF(MICROSECOND, c.seen_at, UTC_TIMESTAMP(6)), NULL) AS seen_for`

const CLAIM_COLUMNS = `c.id, c.ticket, c.state, c.process_id, c.token, c.mode, c.units, c.slot, c.generation, c.tag,
  c.labels, c.selector, ${LIFE}`

/** For the process id. Results of a rendezvous are as large as all its payloads together, and only their owners need them. */
const OWN_RESULT = 'IF(c.process_id = ?, c.result, NULL) AS result'

/** The columns that order a queue. None is a TEXT: looks are frequent, and a temporary table with a TEXT is on disk. */
const QUEUED = ['id', 'ticket', 'state', 'process_id', 'token', 'mode', 'units', 'slot', 'tag']

/** The columns of `LIFE`. */
const LIVING = ['lease_ms', 'renewals', 'expires_at', 'seen_renewals', 'seen_at']

const QUEUE_COLUMNS = `${QUEUED.map(column => `c.${column}`).join(', ')}, ${LIFE}`

const CLAIMS = 'FROM sera_resource r LEFT JOIN sera_claim c ON c.resource_id = r.id'
const WHOLE = `${RESOURCE_COLUMNS}, ${CLAIM_COLUMNS}, c.payload, ${OWN_RESULT} ${CLAIMS}`
const LIGHT = `${RESOURCE_COLUMNS}, ${CLAIM_COLUMNS}, ${OWN_RESULT} ${CLAIMS}`
const QUEUE = `${RESOURCE_COLUMNS}, ${QUEUE_COLUMNS} ${CLAIMS}`
const NAMED = 'WHERE r.kind = ? AND r.name = ?'

/** For process id, kind, name: the resource with its claims, or one row without a claim, or none. */
export const READ_ALL = `SELECT ${WHOLE} ${NAMED}`

/** For ticket, kind, name: the queue up to that ticket. */
export const READ_AHEAD = `SELECT ${QUEUE} AND c.ticket <= ? ${NAMED}`

const OLDEST = `SELECT ${[...QUEUED, ...LIVING].join(', ')} FROM sera_claim
  WHERE resource_id = (SELECT id FROM sera_resource WHERE kind = ? AND name = ?) ORDER BY ticket LIMIT ?`

/** The oldest part of the queue. MariaDB reads a derived table by the index; for a join with a limit it would sort all claims. */
const READ_OLDEST = `SELECT ${RESOURCE_COLUMNS}, ${QUEUE_COLUMNS}
FROM sera_resource r LEFT JOIN (${OLDEST}) c ON TRUE ${NAMED}`

export function oldestStatement({ kind, name }: ResourceKey, oldest: number): Statement {
  return { sql: READ_OLDEST, values: [kind, name, oldest, kind, name] }
}

/** For the position in the request, process id, kind, name. */
const LOOK = `SELECT ? AS asked, ${LIGHT} ${NAMED}`

/** For the position in the request, ticket, kind, name. */
const LOOK_AHEAD = `SELECT ? AS asked, ${QUEUE} AND c.ticket <= ? ${NAMED}`

const SINCE = 'TIMESTAMPDIFF(MICROSECOND, COALESCE(c.granted_at, c.requested_at), UTC_TIMESTAMP(6)) AS since'

/** A claim, with what people want to know about it. */
export const WITH_OWNER_COLUMNS = `${CLAIM_COLUMNS}, c.payload, c.result, c.host, c.pid, c.user, c.command, ${SINCE}`

/** For kind, name: the claims. */
export const READ_WITH_OWNER = `SELECT ${WITH_OWNER_COLUMNS}
FROM sera_resource r JOIN sera_claim c ON c.resource_id = r.id WHERE r.kind = ? AND r.name = ?`

/** What people want to know about a resource and a claim. */
export const SNAPSHOT_COLUMNS = `r.kind, r.name, ${RESOURCE_COLUMNS}, ${QUEUE_COLUMNS}, c.generation, c.labels,
  c.selector, c.host, c.pid, c.user, c.command, ${SINCE}`

export interface Statement {
  sql: string
  values: unknown[]
}

/** Reads several resources in one statement; in two when some are read whole and some up to a ticket. */
export function lookStatements(asked: readonly LookRequest[], processId: string): Statement[] {
  const all = asked.map((look, at) => ({ ...look, at }))
  const ahead = all.filter(({ upTo }) => Number.isFinite(upTo))
  const whole = all.filter(({ upTo }) => !Number.isFinite(upTo))
  return [
    {
      sql: union(LOOK_AHEAD, ahead.length),
      values: ahead.flatMap(({ at, upTo, key }) => [at, upTo, key.kind, key.name]),
    },
    { sql: union(LOOK, whole.length), values: whole.flatMap(({ at, key }) => [at, processId, key.kind, key.name]) },
  ].filter(({ values }) => values.length > 0)
}

function union(select: string, times: number): string {
  return Array.from({ length: times }, () => select).join('\nUNION ALL\n')
}

/** The state of each resource, from the rows of `lookStatements`. */
export function statesOf(rows: readonly Row[], asked: readonly LookRequest[]): ResourceState[] {
  const states = asked.map((): Row[] => [])
  for (const row of rows) states[Number(row.asked)]?.push(row)
  return asked.map(({ upTo }, at) => stateOf(states[at] as Row[], upTo))
}

/** One resource and its claims, in order of arrival. */
export function stateOf(rows: readonly Row[], upTo: number): ResourceState {
  const [first = {}] = rows
  const claims = rows.filter(({ id }) => id !== null).map(claimOf)
  claims.sort((a, b) => a.ticket - b.ticket)
  return { resource: resourceOf(first), claims, upTo, now: Number(first.now ?? 0) }
}

export function resourceOf(row: Row): Resource {
  return {
    version: Number(row.version ?? 0),
    grantedToken: number(row.granted_token),
    capacity: number(row.capacity),
    value: Number(row.value ?? 0),
    generation: Number(row.resource_generation ?? 0),
    record: text(row.record),
  }
}

function claimOf(row: Row): Claim {
  return {
    id: String(row.id),
    ticket: Number(row.ticket),
    state: row.state as ClaimState,
    processId: String(row.process_id),
    token: number(row.token),
    mode: text(row.mode),
    units: Number(row.units),
    slot: number(row.slot),
    generation: number(row.generation),
    tag: text(row.tag),
    labels: text(row.labels),
    selector: text(row.selector),
    payload: text(row.payload),
    result: text(row.result),
    leaseMs: Number(row.lease_ms),
    renewals: Number(row.renewals),
    overdueMs: Number(row.overdue) / 1000,
    seenForMs: row.seen_for === null ? undefined : Number(row.seen_for) / 1000,
  }
}

export function claimsWithOwnerOf(rows: readonly Row[]): ClaimWithOwner[] {
  const claims = rows.map(row => ({
    ...claimOf(row),
    host: String(row.host),
    pid: Number(row.pid),
    user: String(row.user),
    command: String(row.command),
    sinceMs: Number(row.since) / 1000,
  }))
  return claims.sort((a, b) => a.ticket - b.ticket)
}

function number(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value)
}

function text(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : String(value)
}
