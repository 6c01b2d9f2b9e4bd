/**
 * What the server's errors mean: whether another try may help, and the text for the user. It compares codes, never
 * texts. A failed statement may have taken effect; each caller makes its repetition harmless.
 */
import { NETWORK_ERRORS, permanent, transient } from '../../network-errors.js'

interface Meaning {
  /** It may pass by itself: the server starts or stops, has no free connection, or the network fails for a moment. */
  transient: boolean
  /** Another transaction was first. The connection works, and repeating the same helps. */
  contention?: boolean
  /** The server's own text comes first, because it names the account. */
  quoted?: boolean
  say: string
}

const contention = (say: string): Meaning => ({ transient: true, contention: true, say })
const denied = (say: string): Meaning => ({ transient: false, quoted: true, say })

const CHANGED_FIRST = 'another transaction changed the same rows first'
const INTERRUPTED =
  'the server interrupted a statement: an administrator ran KILL QUERY, or a proxy limits the time of statements'

const NO_INNODB =
  'the server creates no InnoDB tables; check enforce_storage_engine (MariaDB) or disabled_storage_engines (MySQL)'

const MEANINGS: Record<string, Meaning> = {
  ...NETWORK_ERRORS,
  PROTOCOL_SEQUENCE_TIMEOUT: transient('no answer in time'),
  PROTOCOL_CONNECTION_LOST: transient('the server closed the connection'),
  ER_CON_COUNT_ERROR: transient('too many connections (max_connections)'),
  ER_TOO_MANY_USER_CONNECTIONS: transient('too many connections of this account (max_user_connections)'),
  ER_USER_LIMIT_REACHED: transient('the account has reached its resource limit'),
  ER_SERVER_SHUTDOWN: transient('the server is shutting down'),
  ER_NORMAL_SHUTDOWN: transient('the server is shutting down'),
  ER_CLIENT_INTERACTION_TIMEOUT: transient('the server closed a connection that had been silent for too long'),
  ER_CONNECTION_KILLED: transient('the connection was killed'),
  ER_UNKNOWN_COM_ERROR: transient('the cluster member is not ready (no quorum, or joining)'),

  ER_LOCK_DEADLOCK: contention(CHANGED_FIRST),
  ER_TRANSACTION_ROLLBACK_DURING_COMMIT: contention('a transaction on another member changed the same rows first'),
  ER_LOCK_WAIT_TIMEOUT: contention('another transaction keeps a row locked'),
  ER_CHECKREAD: contention(CHANGED_FIRST),
  ER_DUP_ENTRY: contention('another transaction inserted the same row'),
  SERA_CONTENTION: contention(CHANGED_FIRST),
  ER_QUERY_INTERRUPTED: contention(INTERRUPTED),
  ER_QUERY_TIMEOUT: contention(INTERRUPTED),
  ER_STATEMENT_TIMEOUT: contention(INTERRUPTED),
  ER_ERROR_DURING_COMMIT: transient('the member could not say whether it had committed'),
  ER_RUN_HOOK_ERROR: transient('the member has left its group'),
  ER_GRP_TRX_CONSISTENCY_BEFORE: transient('the member could not catch up with its group'),
  ER_GRP_TRX_CONSISTENCY_AFTER_ON_TRX_BEGIN: transient('the member could not catch up with its group'),
  ER_GRP_TRX_CONSISTENCY_BEGIN_NOT_ALLOWED: transient('the member is leaving its group'),
  ER_OPTION_PREVENTS_STATEMENT: transient('the server is read-only: a replica, or a primary that was replaced'),
  ER_READ_ONLY_MODE: transient('the server is read-only'),
  ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION: transient('the server is read-only'),

  ER_TOO_BIG_SELECT: permanent("max_join_size forbids a query about the server's own settings; raise it on the server"),
  ER_UNKNOWN_STORAGE_ENGINE: permanent(NO_INNODB),
  ER_DISABLED_STORAGE_ENGINE: permanent(NO_INNODB),
  ER_NO_SUCH_TABLE: permanent('the lock tables are missing; sera creates them, or a DBA with `sera schema print`'),
  ER_TABLEACCESS_DENIED_ERROR: permanent(
    'the account may not use the lock tables; `sera schema print` lists what it needs',
  ),
  ER_BINLOG_STMT_MODE_AND_ROW_ENGINE: permanent('the server logs statements; set binlog_format to ROW or MIXED'),
  ER_DATA_TOO_LONG: permanent('a value is longer than its column'),
  ER_ACCESS_DENIED_ERROR: denied('check user and password'),
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: denied('check user and password'),
  ER_DBACCESS_DENIED_ERROR: denied('grant it the database, or name another in the DSN'),
  ER_BAD_DB_ERROR: permanent('unknown database; create it or name another in the DSN'),
  ER_HOST_NOT_PRIVILEGED: permanent('the server does not allow connections from this host'),
  ER_HOST_IS_BLOCKED: permanent('the server has blocked this host; run FLUSH HOSTS there'),
  ER_MUST_CHANGE_PASSWORD_LOGIN: permanent('the password has expired'),
  ER_SERVER_OFFLINE_MODE: permanent('the server is in offline mode'),
  ER_ACCOUNT_HAS_BEEN_LOCKED: permanent('the account is locked'),
  MYSQL_CLEAR_PASSWORD_NOT_ENABLED: permanent(
    'the server asks for the password in clear text; if TLS protects it, add allowCleartextPasswords=true to the DSN',
  ),
  HANDSHAKE_NO_SSL_SUPPORT: permanent('the server does not offer TLS; set tls=false or tls=preferred'),
  HANDSHAKE_SSL_ERROR: permanent('the TLS handshake failed; check tls-ca, or the host name in the certificate'),
}

/** MariaDB's own errors, for which the driver has no names. */
const MARIADB_CODES: Readonly<Record<number, string>> = {
  1927: 'ER_CONNECTION_KILLED',
  1969: 'ER_STATEMENT_TIMEOUT',
}

export function errorCode(error: unknown): string | undefined {
  const { errno, code } = (error ?? {}) as { errno?: number; code?: string }
  return MARIADB_CODES[errno ?? 0] ?? code
}

const INTERRUPTIONS = ['ER_QUERY_INTERRUPTED', 'ER_QUERY_TIMEOUT', 'ER_STATEMENT_TIMEOUT']

/** The server ended the statement but not the session: KILL QUERY, or a statement time limit. */
export function isInterrupted(error: unknown): boolean {
  return INTERRUPTIONS.includes(errorCode(error) ?? '')
}

/** Another transaction was first; the connection works. */
export function isContention(error: unknown): boolean {
  return MEANINGS[errorCode(error) ?? '']?.contention ?? false
}

/** The error of a transaction that found rows changed since it read them. */
export function contentionError(): Error {
  return Object.assign(new Error(CHANGED_FIRST), { code: 'SERA_CONTENTION' })
}

export function isTransient(error: unknown): boolean {
  return MEANINGS[errorCode(error) ?? '']?.transient ?? false
}

/** One line for a person; the server's own text where the table has none. */
export function explain(error: unknown): string {
  const code = errorCode(error)
  const known = code === undefined ? undefined : MEANINGS[code]
  if (known) return known.quoted ? `${denial(error)}; ${known.say}` : known.say
  const message = error instanceof Error && error.message ? error.message : String(error)
  return message.replace(/\s+/g, ' ')
}

/** The server's text, such as `access denied for user 'sera'@'10.0.0.7' (using password: YES)`, in the server's language. */
function denial(error: unknown): string {
  const { sqlMessage = '' } = error as { sqlMessage?: string }
  const text = sqlMessage.replace(/\s+/g, ' ').trim()
  if (/^access denied/i.test(text)) return `a${text.slice(1)}`
  return text === '' ? 'access denied' : `access denied (${text})`
}
