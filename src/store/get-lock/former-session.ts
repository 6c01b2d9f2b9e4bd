/**
 * Ends the session that took the mutex, when its connection broke and the server has not noticed, so that a new session
 * of the same holder gets the mutex. Ending a session by mistake frees a lock while its command runs. So each of these
 * must be proven first:
 *
 * 1. It is the same session on the same server. Together with the mutex a session takes a second lock, the proof, under
 *    a name that no other session knows. The connection that holds both is the former session. After a restart, or on
 *    another server behind the same address, no session holds the proof, even if a connection number repeats.
 * 2. No other session waits for the mutex. An account sees sessions of other accounts only with the privilege PROCESS; without
 *    it, sera ends no session. A waiter whose statement does not show its lock counts as a waiter for this mutex.
 * 3. The server grants the mutex to the new session before any later one. The new session queues before sera looks for
 *    other waiters, and the server grants in order of arrival.
 */
import { sleep } from '../../clock.js'
import { lockIn } from './holder.js'
import type { GetLockSession } from './session.js'

/** How long the new session stays in the queue. */
export const QUEUED_MS = 5000

/** Limit for what a server does within milliseconds. */
const SOON_MS = 2000
const POLL_MS = 10

export interface Former {
  /** The mutex. */
  name: string
  /** The lock that the former session alone took. */
  proof: string
}

/** `free`: no session holds the mutex. `former`: the former session holds it. `other`: another session holds it. */
export async function holderOfMutex(
  observer: GetLockSession,
  { name, proof }: Former,
): Promise<'free' | 'former' | 'other'> {
  const { holder, former } = await observer.ask('SELECT IS_USED_LOCK(?) AS holder, IS_USED_LOCK(?) AS former', [
    name,
    proof,
  ])
  if (holder === null) return 'free'
  return holder === former ? 'former' : 'other'
}

/**
 * True when the former session loses the mutex by itself: the server closes a killed session's connection, then frees
 * its locks.
 */
export async function endsSoon(observer: GetLockSession, former: Former, signal: AbortSignal): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < SOON_MS; waitedMs += POLL_MS) {
    if ((await holderOfMutex(observer, former)) !== 'former') return true
    await sleep(observer.server.clock, POLL_MS, signal)
  }
  return false
}

/**
 * For an account that sees all sessions. `queued`: the new session's connection. False: not ended, as another session may wait.
 */
export async function endFormer(observer: GetLockSession, former: Former, queued: number): Promise<boolean> {
  if (!(await waitsAlone(observer, former.name, queued))) return false
  const { name, proof } = former
  // KILL 0 fails: no session has the number 0
  const sql = 'KILL IF(IS_USED_LOCK(?) = IS_USED_LOCK(?), IS_USED_LOCK(?), 0)'
  await observer.ask(sql, [name, proof, proof]).catch(() => {}) // the queued session shows whether it worked
  return true
}

/**
 * Whether the account's own grants include PROCESS. A grant through a role does not show here; then no session is
 * ended.
 */
export async function seesAllSessions(observer: GetLockSession): Promise<boolean> {
  const { process } = await observer.ask(`SELECT COUNT(*) AS process FROM information_schema.USER_PRIVILEGES
    WHERE PRIVILEGE_TYPE = 'PROCESS' AND GRANTEE = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')`)
  return Number(process) > 0
}

/** Waits until the new session is in the queue. True when it is the only waiter. */
async function waitsAlone(observer: GetLockSession, name: string, queued: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < SOON_MS; waitedMs += POLL_MS) {
    const waiters = await waitersFor(observer, name)
    if (waiters.includes(queued)) return waiters.length === 1
    await sleep(observer.server.clock, POLL_MS)
  }
  return false
}

/** Connections that wait for this lock, or for one that their statement does not name (a prepared statement). */
async function waitersFor(observer: GetLockSession, name: string): Promise<number[]> {
  const sql = "SELECT ID AS id, INFO AS statement FROM information_schema.PROCESSLIST WHERE STATE = 'User lock'"
  const rows = await observer.rows(sql)
  return rows.flatMap(({ id, statement }) => {
    const lock = lockIn(String(statement ?? ''))
    return lock === undefined || lock === name.toLowerCase() ? [Number(id)] : []
  })
}
