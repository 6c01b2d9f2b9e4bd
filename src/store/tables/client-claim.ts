/**
 * Claims that a process makes for its own clients, which name them by id in later requests. The process id of such a
 * claim is the beginning of its id. A client with the id can renew the claim from any host.
 */

import type { ClaimWithOwner, ResourceKey } from '../../claims/model.js'
import type { Deadline } from '../../deadline.js'
import { claimsWithOwnerOf, NOW, WITH_OWNER_COLUMNS } from './claim-sql.js'
import { type RetryingClient, SEPARATOR } from './retrying-client.js'

export interface ClientClaim extends ClaimWithOwner {
  key: ResourceKey
  /** When its lease ends, by */
  expiresAt: Date
}

/** The process id of such a claim. No process has this id, so none takes the claim for one that it has given up. */
export function clientProcess(id: string): string {
  return id.slice(0, 16)
}

/** Undefined: there is no such claim, or it is not a client's. @throws SeraError lock-failed */
export async function readClaim(
  client: RetryingClient,
  id: string,
  deadline: Deadline,
): Promise<ClientClaim | undefined> {
  const rows = await client.persist(connection => connection.query(READ, [id]), deadline)
  const [claim] = claimsWithOwnerOf(rows)
  const [row] = rows
  if (!claim || !row) return undefined
  const name = String(row.name).split(SEPARATOR).at(-1) as string
  const expiresAt = new Date(Number(row.now) / 1000 - claim.overdueMs)
  return { ...claim, key: { kind: String(row.kind), name }, expiresAt }
}

/** Renews the lease of a granted claim. @throws SeraError lock-failed */
export async function renewClaim(client: RetryingClient, id: string, deadline: Deadline): Promise<void> {
  await client.persist(connection => connection.change(RENEW, [id]), deadline)
}

const A_CLIENTS = 'c.id = ? AND c.process_id = LEFT(c.id, 16)'

const READ = `SELECT r.kind, r.name, ${NOW} AS now, ${WITH_OWNER_COLUMNS}
FROM sera_claim c JOIN sera_resource r ON r.id = c.resource_id WHERE ${A_CLIENTS}`

const RENEW = `UPDATE sera_claim c SET c.renewals = c.renewals + 1,
  c.expires_at = UTC_TIMESTAMP(6) + INTERVAL c.lease_ms * 1000 MICROSECOND WHERE ${A_CLIENTS} AND c.state <> 'waiting'`
