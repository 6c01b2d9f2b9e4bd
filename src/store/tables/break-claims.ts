/** Breaks the claims that were shown, and never a claim that was made since. */

import type { ResourceKey } from '../../claims/model.js'
import type { Deadline } from '../../deadline.js'
import { contentionError } from '../mysql/retry.js'
import { NOW } from './claim-sql.js'
import type { RetryingClient } from './retrying-client.js'
import type { TableConnection } from './table-connection.js'
import { noteBroken } from './taken-claims.js'

/** @returns whether any of the claims still existed */
export async function removeClaims(
  client: RetryingClient,
  ids: readonly string[],
  deadline: Deadline,
): Promise<boolean> {
  if (ids.length === 0) return false
  return await client.persist(async (connection, { doubtfulSince }) => {
    const rows = await removed(connection, ids)
    return rows > 0 || doubtfulSince !== undefined // an earlier try may have removed it before its answer was lost
  }, deadline)
}

/** The same, with an entry in the history for each claim if one can be written. */
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
      if (noted !== undefined && noted !== rows) throw contentionError()
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

/** Deletes the record of a resource, if it is still the one that was shown. */
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

/** It bumps the version: a step that has read the record and writes afterwards fails. */
const FORGET = `UPDATE sera_resource SET record = NULL, value = 0, version = GREATEST(version + 1, ${NOW})
  WHERE kind = ? AND name = ? AND record = ?`
