/**
 * Those who come to a queue at one moment, in one transaction: five hundred requests of a gateway would be five hundred
 * transactions on one row, one after the other.
 *
 *     START TRANSACTION
 *     UPDATE resource: version = GREATEST(version + n, now)      n tickets, the last of them the new version
 *     SELECT the resource and its oldest claims
 *     INSERT those whose rule says wait
 *     COMMIT
 *
 * Why that is as good as n steps: it writes nothing but claims that wait. Each has a ticket of its own, in the order of those who
 * came. A rule that has a newcomer wait on seeing the oldest claims would have him wait on seeing more of them (StepOptions.read);
 * so those who came with him, and stand ahead of him, change nothing. The first who is to do more than wait ends it: he does that in
 * a step of his own, and those who came after him come after that. When something goes wrong or its outcome is unknown, all do
 * steps of their own: each finds out by his id.
 */

import { type Claim, freshClaim, moves, type StepResult } from '../../claims/model.js'
import type { Owner } from '../../claims/owner.js'
import { oldestStatement, stateOf } from './claim-sql.js'
import { BUMP, type Step } from './step.js'
import { StepWriter } from './step-writer.js'
import type { TableConnection } from './table-connection.js'

/** The statement that adds them grows with them. */
export const LARGEST_BATCH = 200

/** @returns what has become of the first of these steps of newcomers to one resource: of all, up to one that has to be done alone */
export async function enqueueBatch(
  connection: TableConnection,
  steps: readonly Step[],
  oldest: number,
): Promise<StepResult[]> {
  await connection.begin()
  try {
    const claims = await enqueueAll(connection, steps, oldest)
    if (claims.length > 0) await connection.commit()
    else await connection.rollback()
    return claims.map((mine, at) => ({ mine, admitted: false, sentAt: steps[at]?.sentAt as number }))
  } catch (error) {
    await connection.rollback().catch(() => {})
    throw error
  }
}

async function enqueueAll(connection: TableConnection, steps: readonly Step[], oldest: number): Promise<Claim[]> {
  const { key } = steps[0] as Step
  const { rows: found } = await connection.change(BUMP, [steps.length, key.kind, key.name])
  if (found === 0) return []
  const { sql, values } = oldestStatement(key, oldest)
  const rows = await connection.query(sql, values)
  const state = stateOf(rows, rows.length < oldest ? Number.POSITIVE_INFINITY : Number(rows.at(-1)?.ticket))
  const { version } = state.resource
  const joining: { mine: Claim; owner: Owner }[] = []
  for (const { request, decide, processId, owner } of steps) {
    const mine = freshClaim(request, version - steps.length + 1 + joining.length, processId)
    const decision = decide({ ...state, claims: [...state.claims, mine] }, mine)
    if (moves(decision) || 'resource' in decision || 'answer' in decision) break
    joining.push({ mine, owner })
  }
  const writer = new StepWriter(connection, Number(rows[0]?.resource_id), state.resource)
  if (joining.length > 0) await writer.insert(...joining)
  return joining.map(({ mine }) => mine)
}
