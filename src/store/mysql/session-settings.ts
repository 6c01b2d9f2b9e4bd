/**
 * The session variables that sera sets, and why. A session starts with the server's global values, and for most accounts
 * `init_connect` may change them. So the one SET that begins each session sets every variable on which a lock depends.
 *
 * The values are literal: `SET SESSION x = DEFAULT` would take the global value. No account needs a privilege for them.
 * `npm run test:long` shows that all other variables make no difference (docs/explanation/servers.md).
 */
interface Pinned {
  name: string
  value: string
  why: string
}

/** For grants, renewals and waits of both engines. */
const EVERYWHERE: readonly Pinned[] = [
  {
    name: 'sql_mode',
    value: "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
    why: 'NO_BACKSLASH_ESCAPES breaks the quoting of values; without strict mode a value that does not fit is cut',
  },
  { name: 'autocommit', value: '1', why: 'a renewal is one statement, and has to be committed with it' },
  { name: 'completion_type', value: '0', why: 'CHAIN opens a transaction after each COMMIT, RELEASE disconnects' },
  { name: 'sql_select_limit', value: '18446744073709551615', why: 'a rule decides on rows that a limit would hide' },
  { name: 'sql_big_selects', value: '1', why: 'max_join_size refuses a SELECT that may read more rows' },
  { name: 'sql_auto_is_null', value: '0', why: 'IS NULL would match the last AUTO_INCREMENT value' },
  {
    name: 'group_concat_max_len',
    value: '65536',
    why: 'a list of settings that is cut may hide that this is a cluster',
  },
]

/** A statement time limit would end a wait in GET_LOCK, or a step halfway. */
const NO_TIME_LIMIT = { mariadb: 'max_statement_time = 0', mysql: 'max_execution_time = 0' } as const

/** For the lock tables. */
const TABLES: readonly Pinned[] = [
  { name: 'sql_safe_updates', value: '0', why: 'it refuses a DELETE that names no key' },
  { name: 'unique_checks', value: '1', why: 'without them a resource could get two rows, and so two queues' },
  { name: 'foreign_key_checks', value: '1', why: 'a table that a DBA ties to these stays consistent' },
  {
    name: 'character_set_client',
    value: 'utf8mb4',
    why: 'names are of any language (skip-character-set-client-handshake)',
  },
  { name: 'character_set_connection', value: 'utf8mb4', why: 'the same' },
  { name: 'character_set_results', value: 'utf8mb4', why: 'the same' },
]

/** READ COMMITTED: what a step reads after its bump is the newest. And writable. */
const TRANSACTION = {
  mariadb: "tx_isolation = 'READ-COMMITTED', tx_read_only = 0",
  mysql: "transaction_isolation = 'READ-COMMITTED', transaction_read_only = 0",
} as const

const assignments = (pinned: readonly Pinned[]) => pinned.map(({ name, value }) => `${name} = ${value}`).join(', ')

/** For a session that locks with GET_LOCK. `idleMs`: the server ends a session that was silent for this long. */
export function lockSessionSettings(isMariaDb: boolean, idleMs: number): string {
  return `${limitSilence(Math.ceil(idleMs / 1000))}, ${everywhere(isMariaDb)}`
}

/** For a session at the lock tables. A statement waits less than `callLimitMs` for a row, a table or a slow client. */
export function tableSessionSettings(isMariaDb: boolean, idleMs: number, callLimitMs: number): string {
  const seconds = Math.max(1, Math.floor(callLimitMs / 1000) - 1)
  return [
    idleSettings(Math.ceil(idleMs / 1000), isMariaDb),
    everywhere(isMariaDb),
    TRANSACTION[isMariaDb ? 'mariadb' : 'mysql'],
    assignments(TABLES),
    `innodb_lock_wait_timeout = ${seconds}, lock_wait_timeout = ${seconds}`,
    `net_write_timeout = ${Math.ceil(callLimitMs / 1000)}`,
  ].join(', ')
}

function everywhere(isMariaDb: boolean): string {
  return `${NO_TIME_LIMIT[isMariaDb ? 'mariadb' : 'mysql']}, ${assignments(EVERYWHERE)}`
}

/**
 * How long a session of the lock tables may be silent before the server ends it.
 *
 * 1. A session that falls silent in the middle of a step keeps the resource's row locked, and every other step of that
 *    resource waits for it. The server ends such a session after a few seconds and rolls its step back. So a process
 *    that was frozen, or that vanished, holds up a resource for seconds and not for a lease.
 * 2. Between steps a session may be silent for a lease.
 * 3. MariaDB has a separate limit for transactions. MySQL has one limit for all. So on MySQL a session starts with the
 *    short limit, gets the long one when it is parked (idle and kept open), and the short one again before its next
 *    step. Only a step after a pause costs one more statement.
 * 4. No outcome is lost: a session that has sent COMMIT is not silent in a step, and a session that has not is rolled back.
 *
 * The limit within a step is longer than a busy host needs, or a packet that is sent again. A step that is silent for
 * longer is repeated.
 */
export const STEP_SILENCE_S = 3

/** Part of the SET that begins a session. */
function idleSettings(sessionSilenceS: number, isMariaDb: boolean): string {
  if (!isMariaDb) return limitSilence(STEP_SILENCE_S)
  return `${limitSilence(sessionSilenceS)}, idle_transaction_timeout = ${STEP_SILENCE_S}`
}

export function limitSilence(seconds: number): string {
  return `wait_timeout = ${seconds}`
}
