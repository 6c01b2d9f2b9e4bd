/**
 * Sightings of expired claims: a process read a claim with a number of renewals, at a time by the server's clock.
 * `claims/sighting.ts` says why they prove that a claim is dead.
 */

import { type Claim, NEVER_MS, NO_PROCESS, type ResourceKey } from '../../claims/model.js'
import type { Deadline } from '../../deadline.js'
import type { Row } from '../mysql/connection.js'
import { type RetryingClient, SEPARATOR } from './retrying-client.js'
import type { TableConnection } from './table-connection.js'

/** A claim between two renewals. */
export type Seen = Pick<Claim, 'id' | 'ticket' | 'renewals'>

/**
 * Records that these claims were read now, except those renewed or made again under their id since. The rows are not
 * counted, because nothing is decided on them.
 */
export async function recordSightings(connection: TableConnection, claims: readonly Seen[]): Promise<void> {
  if (claims.length === 0) return
  const lives = claims.map(({ id, ticket, renewals }) => [id, ticket, renewals])
  await connection.change(SIGHT, [claims.map(({ id }) => id), lives])
}

/** Selected by id, so that no other row is locked. */
const SIGHT = `UPDATE sera_claim SET seen_renewals = renewals, seen_at = UTC_TIMESTAMP(6)
  WHERE id IN (?) AND (id, ticket, renewals) IN (?)`

const OVERDUE = `FROM sera_claim c JOIN sera_resource r ON r.id = c.resource_id
  WHERE c.expires_at < UTC_TIMESTAMP(6) AND r.namespace = ? AND c.lease_ms <> ${NEVER_MS}`

/** For namespace, limit: overdue claims without a valid sighting. */
const UNSEEN = `SELECT c.id, c.ticket, c.renewals ${OVERDUE} AND c.process_id <> '${NO_PROCESS}'
  AND (NOT c.seen_renewals <=> c.renewals OR c.seen_at > UTC_TIMESTAMP(6)) LIMIT ?`

/** For namespace, milliseconds, limit: resources with a claim whose sighting is old enough, or that no process renews. */
const EXPIRED = `SELECT DISTINCT r.kind, r.name ${OVERDUE} AND (c.process_id = '${NO_PROCESS}'
  OR c.seen_renewals = c.renewals AND c.seen_at < UTC_TIMESTAMP(6) - INTERVAL (c.lease_ms + ?) * 1000 MICROSECOND) LIMIT ?`

/** Records a sighting of each overdue claim that has none. @throws SeraError lock-failed */
export async function sightOverdue(client: RetryingClient, most: number, deadline: Deadline): Promise<void> {
  await client.persist(async connection => {
    const rows = await connection.query(UNSEEN, [client.options.namespace, most])
    await recordSightings(connection, rows.map(seenOf))
  }, deadline)
}

/** Resources with claims to reap. A plain SELECT, which takes no locks. @throws SeraError lock-failed */
export async function expiredAt(
  client: RetryingClient,
  afterMs: number,
  most: number,
  deadline: Deadline,
): Promise<ResourceKey[]> {
  const values = [client.options.namespace, afterMs, most]
  const rows = await client.persist(connection => connection.query(EXPIRED, values), deadline)
  return rows.map(({ kind, name }) => ({ kind: String(kind), name: String(name).split(SEPARATOR).at(-1) as string }))
}

function seenOf({ id, ticket, renewals }: Row): Seen {
  return { id: String(id), ticket: Number(ticket), renewals: Number(renewals) }
}
