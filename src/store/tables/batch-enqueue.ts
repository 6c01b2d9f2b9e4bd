/**
 * Enqueues claims that arrive at one resource together, in one transaction: five hundred requests at a gateway would
 * otherwise be five hundred transactions on one row, one after the other.
 *
 *     START TRANSACTION
 *     UPDATE resource: version = GREATEST(version + n, now)      n tickets, the last of them the new version
 *     SELECT the resource and its oldest claims
 *     INSERT the new claims whose rule says wait
 *     COMMIT
 *
 * Why this equals n steps:
 * 1. It writes only waiting claims. Each has its own ticket, in order of arrival.
 * 2. A rule that lets a new claim wait when it reads the oldest claims would also let it wait when it reads more of
 *    them (StepOptions.read). So the claims ahead of it in the same batch change nothing.
 * 3. The first claim that has to do more than wait ends the batch. It takes a step of its own, and the later claims follow.
 * 4. After a failure or an unknown outcome each claim takes a step of its own, and its id shows whether it was written.
 */

import { type Claim, freshClaim, moves, type StepResult } from '../../claims/model.js'
import type { Owner } from '../../claims/owner.js'
import { oldestStatement, stateOf } from './claim-sql.js'
import { BUMP, type Step } from './step.js'
import { StepWriter } from './step-writer.js'
import type { TableConnection } from './table-connection.js'

/** The INSERT grows with the batch. */
export const LARGEST_BATCH = 200

/** @returns the results of the first of these steps, up to one that needs a step of its own; all are of one resource */
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
