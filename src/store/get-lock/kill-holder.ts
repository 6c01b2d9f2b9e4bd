/**
 * Breaks a GET_LOCK by ending the session that holds it.
 *
 * 1. The holder would connect again and take the lock back if it were free. So another session queues for the lock first.
 * 2. That session gets the lock when the holder's session ends, unless another waiter queued earlier.
 * 3. It keeps the lock until the holder has had time to see that another session holds it. The holder then gives up.
 */

import { type Clock, sleep } from '../../clock.js'
import type { Deadline } from '../../deadline.js'
import { SeraError } from '../../errors.js'
import { errorCode } from '../mysql/retry.js'
import type { RetryingClient } from '../tables/retrying-client.js'
import type { TableConnection } from '../tables/table-connection.js'

/** Within this time the holder notices that its connection is closed and checks the lock. */
const KEPT_MS = 2000

/** Prefix of the locks that sera takes for itself; no mutex begins with it. */
const BREAK_LOCK = 'sera_break:'

/** Limit for what a server does within milliseconds: queue a session, free the lock of an ended session. */
const SOON_MS = 2000
const POLL_MS = 10

/** How long the second session stays in the queue, s. */
const WAIT_S = 5

/**
 * @returns whether the session was ended; false when it no longer held the lock
 * @throws SeraError conflict, when the account may not end it; lock-failed
 */
export async function killHolder(
  client: RetryingClient,
  name: string,
  holder: number,
  deadline: Deadline,
): Promise<boolean> {
  const { clock } = client.options
  return await client.persist(async queued => {
    await claimBreak(queued, name)
    queued.park()
    queued.query('SELECT GET_LOCK(?, ?)', [name, WAIT_S]).catch(() => {}) // its result is checked below
    try {
      return await client.persist(async connection => {
        await until(clock, async () => await waits(connection, queued.raw.id))
        if (!(await end(connection, name, holder))) return false
        await until(clock, async () => ![undefined, holder].includes(await userOf(connection, name)))
        if ((await userOf(connection, name)) === queued.raw.id) await sleep(clock, KEPT_MS)
        return true
      }, deadline)
    } finally {
      queued.raw.destroy() // ends the lock, or the wait for it
    }
  }, deadline)
}

/** One `sera break` at a time: a second one would end the first one's session, and the holder could take the lock back. */
async function claimBreak(queued: TableConnection, name: string): Promise<void> {
  const [row] = await queued.query(`SELECT GET_LOCK(LEFT(CONCAT('${BREAK_LOCK}', SHA2(?, 256)), 64), 0) AS got`, [name])
  if (Number(row?.got) === 1) return
  queued.raw.destroy()
  throw new SeraError('conflict', `mutex ${name} cannot be broken: another \`sera break\` of it is running; try again`)
}

/** Waits until `isTrue`, for a moment at most. Whether it became true does not matter to the caller. */
async function until(clock: Clock, isTrue: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; waitedMs < SOON_MS && !(await isTrue()); waitedMs += POLL_MS) await sleep(clock, POLL_MS)
}

/** Checks and ends in one statement, so that only a session that holds the lock is ended. KILL 0 fails. */
async function end(connection: TableConnection, name: string, holder: number): Promise<boolean> {
  try {
    await connection.change('KILL IF(IS_USED_LOCK(?) = ?, ?, 0)', [name, holder, holder])
    return true
  } catch (error) {
    if (errorCode(error) === 'ER_NO_SUCH_THREAD') return false
    if (errorCode(error) !== 'ER_KILL_DENIED_ERROR') throw error
    throw mayNot(connection, name, holder, error)
  }
}

function mayNot({ raw, dsn }: TableConnection, name: string, holder: number, cause: unknown): SeraError {
  const right = raw.isMariaDb ? 'CONNECTION ADMIN' : 'CONNECTION_ADMIN'
  const problem = `mutex ${name} is held by connection ${holder} of another account, and ${dsn.user} may not end it`
  return new SeraError('conflict', `${problem}: grant ${right}, or have a DBA run KILL ${holder}`, { cause })
}

async function userOf(connection: TableConnection, name: string): Promise<number | undefined> {
  const [row] = await connection.query('SELECT IS_USED_LOCK(?) AS id', [name])
  return row?.id === null ? undefined : Number(row?.id)
}

async function waits(connection: TableConnection, id: number): Promise<boolean> {
  const sql = "SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ? AND STATE = 'User lock'"
  return (await connection.query(sql, [id])).length > 0
}
