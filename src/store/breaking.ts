/** Breaking claims: what is shown to be broken goes, and nobody who came meanwhile. */
import type { Calls } from './calls.js'
import { NOW } from './claim-rows.js'
import type { Patience, ResourceKey } from './claims.js'

/** @returns whether any of them was still there */
export async function removeClaims(calls: Calls, ids: readonly string[], patience: Patience): Promise<boolean> {
  if (ids.length === 0) return false
  return await calls.persist(async (connection, { doubtfulSince }) => {
    const { rows } = await connection.change('DELETE FROM sera_claim WHERE id IN (?)', [ids])
    return rows > 0 || doubtfulSince !== undefined // the answer to an earlier try may have got lost
  }, patience)
}

/** Forgets what a resource remembers, if it still is what was seen. */
export async function forgetRecord(calls: Calls, key: ResourceKey, seen: string, patience: Patience): Promise<boolean> {
  const { kind, name } = calls.key(key)
  return await calls.persist(async (connection, { doubtfulSince }) => {
    const { rows } = await connection.change(FORGET, [kind, name, seen])
    return rows > 0 || doubtfulSince !== undefined
  }, patience)
}

/** A step that has read the record and is about to write fails, as its row has changed. */
const FORGET = `UPDATE sera_resource SET record = NULL, value = 0, version = GREATEST(version + 1, ${NOW})
  WHERE kind = ? AND name = ? AND record = ?`
