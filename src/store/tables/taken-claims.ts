/**
 * Entries in the history for claims taken from their holders: `broken` by `sera break`; `abandoned` by a killed or
 * vanished holder, and then reaped.
 *
 * 1. The transaction that deletes the claim writes the entry first, and counts the rows it deletes. So each deleted
 *    claim has one entry, and a claim that was released meanwhile has none.
 * 2. The entry neither fails nor delays that transaction: it does not wait for a locked table (on MySQL, at most a
 *    second), and an entry that can't be written is left out.
 */
import { type Claim, NO_PROCESS } from '../../claims/model.js'
import { errorCode } from '../mysql/retry.js'
import { isDenied } from '../schema/create-tables.js'
import type { TableConnection } from './table-connection.js'

/** Outcomes of such claims, in addition to the outcomes of runs. */
export const TAKEN = ['broken', 'abandoned'] as const

/** Exit code of a run that lost its lock. The command's own exit code is unknown. */
const LOST = 206

/** Kinds whose claims are held during work. At other kinds a grant only records what happened. */
const HELD_KINDS = ['mutex', 'rwlock', 'semaphore', 'once', 'double-barrier']

/** @returns how many of these claims exist and now have an entry; undefined when none can be written */
export function noteBroken(
  connection: TableConnection,
  ids: readonly string[],
  reason: string | undefined,
): Promise<number | undefined> {
  return note(connection, WITH_IDS, ['broken', LOST, reason, ids])
}

/** Adds an entry for each claim, of those about to be reaped, whose holder was killed or vanished. */
export async function noteAbandoned(
  connection: TableConnection,
  dead: readonly Claim[],
  ownProcess: string,
): Promise<void> {
  const ids = dead.filter(claim => isAbandoned(claim, ownProcess)).map(({ id }) => id)
  if (ids.length > 0)
    await note(connection, `${WITH_IDS} AND r.kind IN (?)`, ['abandoned', LOST, null, ids, HELD_KINDS])
}

/** Not a pool's claim, which ends with its lease, nor one of this process: a late duplicate of a request that it gave up. */
function isAbandoned({ state, processId }: Claim, ownProcess: string): boolean {
  return state === 'granted' && processId !== NO_PROCESS && processId !== ownProcess
}

async function note(connection: TableConnection, select: string, values: unknown[]): Promise<number | undefined> {
  const insert = connection.raw.isMariaDb
    ? 'SET STATEMENT lock_wait_timeout = 0, innodb_lock_wait_timeout = 0 FOR INSERT'
    : 'INSERT /*+ SET_VAR(lock_wait_timeout = 1) */'
  try {
    return (await connection.change(`${insert} ${select}`, values)).rows
  } catch (error) {
    if (!isDenied(error) && !MISSED.includes(errorCode(error) ?? '')) throw error
    await connection.change('DO 0') // checks that the transaction is still open
    return undefined
  }
}

const MISSED: readonly string[] = ['ER_LOCK_WAIT_TIMEOUT', 'ER_NO_SUCH_TABLE']

const WITH_IDS = `INTO sera_history (kind, name, token, host, pid, user, command,
  requested_at, granted_at, released_at, outcome, exit_code, reason)
SELECT r.kind, r.name, c.token, c.host, c.pid, c.user, c.command,
  c.requested_at, c.granted_at, UTC_TIMESTAMP(6), ?, ?, ?
FROM sera_claim c JOIN sera_resource r ON r.id = c.resource_id WHERE c.id IN (?)`
