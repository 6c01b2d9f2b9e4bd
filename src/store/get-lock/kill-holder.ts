/**
 * Takes a GET_LOCK away from the session that holds it, by ending that session. The holder would connect again and take the lock
 * back, if it found it free. So another session queues for the lock first, has it as soon as it is free unless somebody else was
 * quicker, and keeps it for long enough to be found by the holder, who then gives up.
 */

import { type Clock, sleep } from '../../clock.js'
import type { Deadline } from '../../deadline.js'
import { SeraError } from '../../errors.js'
import { errorCode } from '../mysql/retry.js'
import type { RetryingClient } from '../tables/retrying-client.js'
import type { TableConnection } from '../tables/table-connection.js'

/** Within this the holder notices that its connection was closed, and has looked for the lock. */
const KEPT_MS = 2000

/** Begins the names of locks that are sera's own, and nobody's mutex. */
const BREAK_LOCK = 'sera_break:'

/** What takes a server milliseconds: to queue a session, and to free the lock of one that was ended. */
const SOON_MS = 2000
const LOOK_MS = 10

/** How long the second session stays in the queue, s. */
const WAIT_S = 5

/**
 * @returns whether the session was ended: not, when it no longer has the lock
 * @throws SeraError conflict, when the account may not; lock-failed
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
    queued.query('SELECT GET_LOCK(?, ?)', [name, WAIT_S]).catch(() => {}) // whether it came to that is asked below
    try {
      return await client.persist(async connection => {
        await until(clock, async () => await waits(connection, queued.raw.id))
        if (!(await end(connection, name, holder))) return false
        await until(clock, async () => ![undefined, holder].includes(await userOf(connection, name)))
        if ((await userOf(connection, name)) === queued.raw.id) await sleep(clock, KEPT_MS)
        return true
      }, deadline)
    } finally {
      queued.raw.destroy() // and with it the lock, or the wait for it
    }
  }, deadline)
}

/** Of two who break it at once the second would end the session of the first, and let the holder back in. */
async function claimBreak(queued: TableConnection, name: string): Promise<void> {
  const [row] = await queued.query(`SELECT GET_LOCK(LEFT(CONCAT('${BREAK_LOCK}', SHA2(?, 256)), 64), 0) AS got`, [name])
  if (Number(row?.got) === 1) return
  queued.raw.destroy()
  throw new SeraError('conflict', `mutex ${name} is being broken by somebody else at this moment`)
}

/** True a moment later at the latest; what if not, is no worse than not to have waited. */
async function until(clock: Clock, isSo: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; waitedMs < SOON_MS && !(await isSo()); waitedMs += LOOK_MS) await sleep(clock, LOOK_MS)
}

/** One statement, so that nobody is ended who has not got the lock any more: there is no session 0. */
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
  const problem = `mutex ${name} is held by connection ${holder} of another account, which ${dsn.user} may not end`
  return new SeraError('conflict', `${problem}: it needs ${right}, or have a DBA run KILL ${holder}`, { cause })
}

async function userOf(connection: TableConnection, name: string): Promise<number | undefined> {
  const [row] = await connection.query('SELECT IS_USED_LOCK(?) AS id', [name])
  return row?.id === null ? undefined : Number(row?.id)
}

async function waits(connection: TableConnection, id: number): Promise<boolean> {
  const sql = "SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ? AND STATE = 'User lock'"
  return (await connection.query(sql, [id])).length > 0
}
