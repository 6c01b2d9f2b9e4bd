/**
 * How long a session of the lock tables may be silent before the server ends it.
 *
 * 1. A session that falls silent in the middle of a step keeps the resource's row locked, and every other step of that resource
 *    waits for it. The server ends such a session after a few seconds and rolls its step back. A process that was frozen, or that
 *    vanished, so holds up a resource for seconds and not for a lease.
 * 2. Between steps a session may be silent for a lease.
 * 3. MariaDB has a limit of its own for transactions. MySQL has only one for all: there a session has the short limit from its start,
 *    gets the long one when it is parked (idle, and kept), and the short one again before its next step. So only a step after a
 *    pause costs one more statement.
 * 4. No outcome gets lost by it: a session that has sent COMMIT is not silent in a step, and a session that has not is rolled back.
 */

/** Longer than a busy host, or a packet that is sent again, needs; a step that falls silent for longer is repeated. */
export const STEP_SILENCE_S = 3

/** For the SET that begins a session. */
export function idleSettings(sessionSilenceS: number, isMariaDb: boolean): string {
  if (!isMariaDb) return limitSilence(STEP_SILENCE_S)
  return `${limitSilence(sessionSilenceS)}, idle_transaction_timeout = ${STEP_SILENCE_S}`
}

export function limitSilence(seconds: number): string {
  return `wait_timeout = ${seconds}`
}
