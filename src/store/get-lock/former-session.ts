/**
 * Ends the session in which a lock was taken, when its connection broke without the server's notice, so that a new session gets the
 * lock. A session that is ended by mistake frees a lock under a command that runs, so each of these has to be shown:
 *
 * 1. It is the same session on the same server. A session takes a second lock together with the mutex, under a name that no other
 *    session knows. The connection that holds both is the former session. A restarted server, or another one behind the same
 *    address, has no holder of the second lock, whatever the numbers of its connections are.
 * 2. No other session waits for the mutex. Sessions of other accounts are visible with the privilege PROCESS only; without it no
 *    session is ended. A statement that does not show which lock it waits for counts as a waiter for this one.
 * 3. No session that comes later is granted the mutex first. The new session waits in the queue before the others are looked for, and
 *    the server grants in order of arrival.
 */
import { sleep } from '../../clock.js'
import { lockIn } from './holder.js'
import type { GetLockSession } from './session.js'

/** How long the new session stays in the queue. */
export const QUEUED_MS = 5000

/** What a server takes milliseconds for. */
const SOON_MS = 2000
const LOOK_MS = 10

export interface Former {
  /** The mutex. */
  name: string
  /** The lock that the former session alone took. */
  proof: string
}

/** `free`: no session has the mutex. `former`: the former session has it. `other`: another one has it. */
export async function holderOfMutex(
  looker: GetLockSession,
  { name, proof }: Former,
): Promise<'free' | 'former' | 'other'> {
  const { holder, former } = await looker.ask('SELECT IS_USED_LOCK(?) AS holder, IS_USED_LOCK(?) AS former', [
    name,
    proof,
  ])
  if (holder === null) return 'free'
  return holder === former ? 'former' : 'other'
}

/**
 * Whether the former session loses the mutex by itself. When a session is killed, the server closes its connection first and frees its
 * locks a moment later.
 */
export async function endsSoon(looker: GetLockSession, former: Former, signal: AbortSignal): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < SOON_MS; waitedMs += LOOK_MS) {
    if ((await holderOfMutex(looker, former)) !== 'former') return true
    await sleep(looker.server.clock, LOOK_MS, signal)
  }
  return false
}

/**
 * For an account that sees all sessions. `queued`: the connection of the new session, which has asked for the mutex. False: another
 * session may wait, and the former one goes on.
 */
export async function endFormer(looker: GetLockSession, former: Former, queued: number): Promise<boolean> {
  if (!(await waitsAlone(looker, former.name, queued))) return false
  const { name, proof } = former
  // there is no session 0
  const sql = 'KILL IF(IS_USED_LOCK(?) = IS_USED_LOCK(?), IS_USED_LOCK(?), 0)'
  await looker.ask(sql, [name, proof, proof]).catch(() => {}) // whether it has worked shows in the queue
  return true
}

/**
 * Whether the account has the privilege PROCESS, as its own grants say. A role may grant it, too: that does not show there, and the
 * session is left alone.
 */
export async function seesAllSessions(looker: GetLockSession): Promise<boolean> {
  const { process } = await looker.ask(`SELECT COUNT(*) AS process FROM information_schema.USER_PRIVILEGES
    WHERE PRIVILEGE_TYPE = 'PROCESS' AND GRANTEE = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')`)
  return Number(process) > 0
}

/** Waits until the new session is seen in the queue, and tells whether it is the only one there. */
async function waitsAlone(looker: GetLockSession, name: string, queued: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < SOON_MS; waitedMs += LOOK_MS) {
    const waiters = await waitersFor(looker, name)
    if (waiters.includes(queued)) return waiters.length === 1
    await sleep(looker.server.clock, LOOK_MS)
  }
  return false
}

/** Connections that wait for the lock, or for one that they don't name, as a prepared statement does not. */
async function waitersFor(looker: GetLockSession, name: string): Promise<number[]> {
  const sql = "SELECT ID AS id, INFO AS statement FROM information_schema.PROCESSLIST WHERE STATE = 'User lock'"
  const rows = await looker.rows(sql)
  return rows.flatMap(({ id, statement }) => {
    const lock = lockIn(String(statement ?? ''))
    return lock === undefined || lock === name.toLowerCase() ? [Number(id)] : []
  })
}
