/** Where claims have expired, for the reaper. A plain SELECT by the index on `expires_at`: it takes no locks. */
import { type Calls, SEPARATOR } from './calls.js'
import { NEVER_MS, NOBODY, type Patience, type ResourceKey } from './claims.js'

/**
 * Resources with claims whose lease is over by the server's clock and that need a step now: to record a sighting, or to reap them
 * because their sighting is old enough (their lease and `afterMs`), or because no process renews them.
 *
 * @throws SeraError lock-failed
 */
export async function expiredAt(
  calls: Calls,
  afterMs: number,
  most: number,
  patience: Patience,
): Promise<ResourceKey[]> {
  const values = [calls.options.namespace, NEVER_MS, NOBODY, afterMs, most]
  const rows = await calls.persist(connection => connection.query(EXPIRED, values), patience)
  return rows.map(({ kind, name }) => ({ kind: String(kind), name: String(name).split(SEPARATOR).at(-1) as string }))
}

const EXPIRED = `SELECT DISTINCT r.kind, r.name FROM sera_claim c JOIN sera_resource r ON r.id = c.resource_id
  WHERE c.expires_at < UTC_TIMESTAMP(6) AND r.namespace = ? AND c.lease_ms <> ?
    AND (c.process_id = ? OR NOT c.seen_renewals <=> c.renewals OR c.seen_at > UTC_TIMESTAMP(6)
      OR c.seen_at < UTC_TIMESTAMP(6) - INTERVAL (c.lease_ms + ?) * 1000 MICROSECOND)
  LIMIT ?`
