/**
 * A step: the one transaction that decides about a resource.
 *
 *     START TRANSACTION
 *     UPDATE resource: version = GREATEST(version + 1, now)      the bump; INSERT when it is missing
 *     SELECT the resource and its claims, as many as the rule may rely on
 *     INSERT an entry in the history for each dead holder, see `taken-claims.ts`
 *     DELETE each dead claim, if it still has the renewals it was judged by
 *     UPDATE claims that may be dead: a sighting, if they still have the renewals that were read
 *     UPDATE / INSERT / DELETE what the rule says, each row counted
 *     COMMIT
 *
 * Why no two steps decide on the same facts:
 * 1. The bump comes first and always changes the row. On one server it locks the row until COMMIT, so the steps of one
 *    resource run one after the other. A cluster certifies the rows that a transaction wrote, so the later of two
 *    concurrent steps fails at COMMIT. After the bump a step reads the newest state (READ COMMITTED), or it fails.
 * 2. The bump includes the time, so a version never repeats, even after the row was deleted. The version is the ticket
 *    of a claim that the step makes and the token of claims that it grants.
 * 3. A change outside a step is counted where a step touches it: a renewed claim is not reaped, and a removed claim is
 *    not granted. A wrong count starts the step over.
 * 4. The step sends one statement a packet and checks each answer. After each statement that writes, the server must
 *    still be in the transaction: Galera answers OK to statements after a transaction that it has rolled back.
 * 5. If the outcome is unknown (the answer to COMMIT was lost), the client repeats the step. The client chose the claim's id.
 *    If that id exists, the step was done, and what the repetition reads of it is true, because the repetition also ends with
 *    COMMIT. If the lost COMMIT is still under way, it fails, because the repetition has bumped the row.
 */

import {
  applied,
  type Claim,
  type ClaimRequest,
  type Decision,
  freshClaim,
  moves,
  type Resource,
  type ResourceKey,
  type ResourceState,
  resultOf,
  type StepOptions,
  type StepResult,
} from '../../claims/model.js'
import type { Owner } from '../../claims/owner.js'
import { SeraError } from '../../errors.js'
import type { Row } from '../mysql/connection.js'
import { DAY_US } from '../schema/ddl.js'
import { NOW, oldestStatement, READ_AHEAD, READ_ALL, stateOf } from './claim-sql.js'
import { recordSightings } from './sightings.js'
import { StepWriter } from './step-writer.js'
import type { TableConnection } from './table-connection.js'
import { noteAbandoned } from './taken-claims.js'

export interface Step {
  key: ResourceKey
  request: ClaimRequest
  decide: (state: ResourceState, me: Claim) => Decision
  /** See StepOptions. */
  join: boolean
  read: StepOptions['read']
  processId: string
  owner: Owner
  /** Whether reaping the claim of a holder adds an entry to the history. */
  keepsHistory: boolean
  /** Boot clock, ms. */
  sentAt: number
}

/** @throws SeraError conflict, when the rule finds one; the driver's errors */
export async function runStep(connection: TableConnection, step: Step): Promise<StepResult> {
  await connection.begin()
  try {
    const result = await decideAndWrite(connection, step)
    if (result === undefined) {
      await connection.rollback()
      return refused(step)
    }
    await connection.commit()
    return result
  } catch (error) {
    await connection.rollback().catch(() => {})
    throw error
  }
}

/** Undefined: nothing to write. */
async function decideAndWrite(connection: TableConnection, step: Step): Promise<StepResult | undefined> {
  const { key, request, join, sentAt } = step
  await bump(connection, key)
  const { resourceId, resource, known, decision, living } = await decided(connection, step)
  if ('conflict' in decision) throw new SeraError('conflict', decision.conflict)
  const { dead = [], sighted = [] } = decision
  const mine = applied(decision, living, resource.version).find(({ id }) => id === request.id)
  const isRefused = !known && mine?.state === 'waiting' && !join
  if (isRefused && dead.length + sighted.length === 0) return undefined
  const writer = new StepWriter(connection, resourceId, resource)
  if (step.keepsHistory) await noteAbandoned(connection, dead, step.processId)
  await writer.reap(dead)
  await recordSightings(connection, sighted)
  if (isRefused) return refused(step)
  await writer.write(decision, living, request.id)
  if (known && mine) await writer.renew(mine, known)
  else if (mine) await writer.insert({ mine, owner: step.owner })
  return resultOf(decision, mine, request.id, sentAt)
}

/** The result for a claim that would have to wait but does not join the queue. */
function refused({ sentAt }: Step): StepResult {
  return { mine: undefined, admitted: false, sentAt }
}

interface Decided {
  resourceId: number
  resource: Resource
  /** My claim as it was read. */
  known: Claim | undefined
  decision: Decision
  living: Claim[]
}

/** Reads as much as the rule may rely on before anything is granted. */
async function decided(connection: TableConnection, step: Step): Promise<Decided> {
  const { key, read } = step
  if (typeof read === 'object') {
    const { sql, values } = oldestStatement(key, read.oldest)
    const rows = await connection.query(sql, values)
    const isWhole = rows.length < read.oldest
    const found = decide(rows, isWhole ? Number.POSITIVE_INFINITY : Number(rows.at(-1)?.ticket), step)
    if (isWhole || !writes(found.decision)) return found
  } else if (read !== 'all') {
    const found = decide(await connection.query(READ_AHEAD, [read, key.kind, key.name]), read, step)
    if (found.known) return found
  }
  return decide(await connection.query(READ_ALL, [step.processId, key.kind, key.name]), Number.POSITIVE_INFINITY, step)
}

/** Whether a decision does more than let the claim wait. */
function writes(decision: Decision): boolean {
  return moves(decision) || 'resource' in decision
}

function decide(rows: Row[], upTo: number, step: Step): Decided {
  const state = stateOf(rows, upTo)
  const { resource, claims } = state
  const known = claims.find(({ id }) => id === step.request.id)
  const me = known ?? freshClaim(step.request, resource.version, step.processId)
  const present = known ? claims : [...claims, me]
  const decision = step.decide({ ...state, claims: present }, me)
  const living = present.filter(claim => !decision.dead?.includes(claim))
  return { resourceId: Number(rows[0]?.resource_id), resource, known, decision, living }
}

async function bump(connection: TableConnection, { kind, name }: ResourceKey): Promise<void> {
  const { rows } = await connection.change(BUMP, [1, kind, name])
  if (rows > 0) return
  const unused = await connection.query(UNUSED)
  if (unused.length > 0) await connection.change(`${SWEEP} AND id IN (?)`, [unused.map(({ id }) => id)])
  await connection.change(MAKE, [kind, name])
}

/** Bumps by one, or by the size of a batch. */
export const BUMP = `UPDATE sera_resource SET version = GREATEST(version + ?, ${NOW}) WHERE kind = ? AND name = ?`

/**
 * The first use of a name deletes some names that were unused for a week and keep nothing, so that single-use names do
 * not pile up. The index on `sweep_day` finds them among any number of names.
 */
const UNUSED_SINCE = `sweep_day <= ${NOW} DIV ${DAY_US}
  AND NOT EXISTS (SELECT 1 FROM sera_claim WHERE resource_id = sera_resource.id)`

/** Found without locks: a DELETE that searches would lock the oldest row in use and delay its steps. */
const UNUSED = `SELECT id FROM sera_resource WHERE ${UNUSED_SINCE} LIMIT 10`

const SWEEP = `DELETE FROM sera_resource WHERE ${UNUSED_SINCE}`

const MAKE = `INSERT INTO sera_resource (kind, name, version) VALUES (?, ?, ${NOW})`
