/**
 * One step: the transaction by which anything about a resource is decided.
 *
 *     START TRANSACTION
 *     UPDATE resource: version = GREATEST(version + 1, now)      the bump; INSERT when it is missing
 *     SELECT the resource and its claims, as many as the rule may count on
 *     INSERT an entry in the history for each of the dead that held, see `taken-claims.ts`
 *     DELETE each of the dead, if it still has the renewals it was judged by
 *     UPDATE those that may be dead: a sighting, if they still have the renewals that were read
 *     UPDATE / INSERT / DELETE what the rule says, each row counted
 *     COMMIT
 *
 * Why no two steps can decide on the same facts:
 * 1. The bump comes first and always changes the row. On one server it takes the row's lock until COMMIT, so the steps of one
 *    resource stand in line. On a cluster, whose members certify the rows that were written, the later of two rivals fails
 *    at COMMIT. What a step reads from then on (READ COMMITTED) is the newest there is, or the step fails.
 * 2. Time is part of the bump, so that a number never comes back, not even after the row was deleted. It is the ticket of a claim that
 *    is made, and the token of those that are granted.
 * 3. What changes without a step is counted where a step touches it: a claim that was renewed is not reaped, one that has left is not
 *    granted. Any count that is not the expected starts the step over.
 * 4. One statement a packet, each answer looked at; and after each that writes the server must still be in the transaction. Galera
 *    says OK to what follows a transaction that it has thrown away.
 * 5. An outcome that is unknown (the answer to COMMIT got lost) is found out by doing the same step again. The claim's id is the client's: if
 *    it is there, the step was done, and what is read of it then is true, as this step, too, ends with a COMMIT. Should the lost
 *    COMMIT still be under way, it fails now, because the row has been bumped since.
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
  /** Whether a holder whose claim is reaped leaves an entry in the history. */
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

/** Undefined: there is nothing to write. */
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

/** Would have to wait, and does not want to. */
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

/** Nothing is granted on less than all that the rule may count on. */
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

/** More than that the claim waits. */
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

/** By one, or by as many as there are who come. */
export const BUMP = `UPDATE sera_resource SET version = GREATEST(version + ?, ${NOW}) WHERE kind = ? AND name = ?`

/**
 * The first use of a name takes some names away that were not used for a week and have nothing to remember, so that names made up
 * for one use don't pile up. The index on `sweep_day` finds them among however many names are kept.
 */
const UNUSED_SINCE = `sweep_day <= ${NOW} DIV ${DAY_US}
  AND NOT EXISTS (SELECT 1 FROM sera_claim WHERE resource_id = sera_resource.id)`

/** Looked for without locks: a DELETE that searches locks the oldest row in use, and stands in the way of its steps. */
const UNUSED = `SELECT id FROM sera_resource WHERE ${UNUSED_SINCE} LIMIT 10`

const SWEEP = `DELETE FROM sera_resource WHERE ${UNUSED_SINCE}`

const MAKE = `INSERT INTO sera_resource (kind, name, version) VALUES (?, ?, ${NOW})`
