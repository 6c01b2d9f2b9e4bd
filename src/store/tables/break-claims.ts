/** Breaking claims: what was shown is removed, and never a claim that was made meanwhile. */

import type { ResourceKey } from '../../claims/model.js'
import type { Deadline } from '../../deadline.js'
import { rival } from '../mysql/retry.js'
import { NOW } from './claim-sql.js'
import type { RetryingClient } from './retrying-client.js'
import type { TableConnection } from './table-connection.js'
import { noteBroken } from './taken-claims.js'

/** @returns whether any of them was still there */
export async function removeClaims(
  client: RetryingClient,
  ids: readonly string[],
  deadline: Deadline,
): Promise<boolean> {
  if (ids.length === 0) return false
  return await client.persist(async (connection, { doubtfulSince }) => {
    const rows = await removed(connection, ids)
    return rows > 0 || doubtfulSince !== undefined // the answer to an earlier try may have got lost
  }, deadline)
}

/** The same, with an entry in the history for each, where one can be written. */
export async function breakClaims(
  client: RetryingClient,
  ids: readonly string[],
  reason: string | undefined,
  deadline: Deadline,
): Promise<boolean> {
  if (ids.length === 0) return false
  return await client.persist(async (connection, { doubtfulSince }) => {
    await connection.begin()
    try {
      const noted = await noteBroken(connection, ids, reason)
      const rows = await removed(connection, ids)
      if (noted !== undefined && noted !== rows) throw rival()
      await connection.commit()
      return rows > 0 || doubtfulSince !== undefined
    } catch (error) {
      await connection.rollback().catch(() => {})
      throw error
    }
  }, deadline)
}

async function removed(connection: TableConnection, ids: readonly string[]): Promise<number> {
  return (await connection.change('DELETE FROM sera_claim WHERE id IN (?)', [ids])).rows
}

/** Forgets what a resource remembers, if it still is what was seen. */
export async function forgetRecord(
  client: RetryingClient,
  key: ResourceKey,
  seen: string,
  deadline: Deadline,
): Promise<boolean> {
  const { kind, name } = client.key(key)
  return await client.persist(async (connection, { doubtfulSince }) => {
    const { rows } = await connection.change(FORGET, [kind, name, seen])
    return rows > 0 || doubtfulSince !== undefined
  }, deadline)
}

/** A step that has read the record and is about to write fails, as its row has changed. */
const FORGET = `UPDATE sera_resource SET record = NULL, value = 0, version = GREATEST(version + 1, ${NOW})
  WHERE kind = ? AND name = ? AND record = ?`
