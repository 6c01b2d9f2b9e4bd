/** The lock tables: their definition, versioned; made on first use where the account may, or printed for a DBA. */
import { SeraError } from '../errors.js'
import type { Connection } from './connection.js'
import { errorCode } from './retry.js'

export const SCHEMA_VERSION = 1

/** What the account has to be allowed to, once the tables are there. */
export const PRIVILEGES = 'SELECT, INSERT, UPDATE, DELETE'

/** Longest name, in characters: the user's 255, and a namespace with its separator. */
const NAME = 'VARCHAR(320)'

/**
 * One statement a table. Names are compared byte by byte, trailing spaces included, for which the two servers have collations of
 * different names.
 */
export function tables(isMariaDb: boolean): string[] {
  const exact = `CHARACTER SET utf8mb4 COLLATE ${isMariaDb ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin'}`
  const plain = 'CHARACTER SET ascii COLLATE ascii_bin'
  const text = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin'
  return [
    `CREATE TABLE IF NOT EXISTS sera_resource (
  id            BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  kind          VARCHAR(32) ${plain} NOT NULL,
  name          ${NAME} ${exact} NOT NULL,
  version       BIGINT UNSIGNED NOT NULL,
  granted_token BIGINT UNSIGNED,
  capacity      BIGINT,
  value         BIGINT NOT NULL DEFAULT 0,
  generation    BIGINT UNSIGNED NOT NULL DEFAULT 0,
  record        MEDIUMTEXT ${text},
  PRIMARY KEY (id),
  UNIQUE KEY kind_name (kind, name),
  KEY version (version)
) ENGINE = InnoDB`,
    `CREATE TABLE IF NOT EXISTS sera_claim (
  id           CHAR(32) ${plain} NOT NULL,
  resource_id  BIGINT UNSIGNED NOT NULL,
  ticket       BIGINT UNSIGNED NOT NULL,
  process_id   CHAR(16) ${plain} NOT NULL,
  host         VARCHAR(255) ${text} NOT NULL,
  pid          INT UNSIGNED NOT NULL,
  user         VARCHAR(64) ${text} NOT NULL,
  command      VARCHAR(500) ${text} NOT NULL,
  state        VARCHAR(16) ${plain} NOT NULL,
  token        BIGINT UNSIGNED,
  mode         VARCHAR(16) ${plain},
  units        BIGINT NOT NULL,
  slot         INT UNSIGNED,
  generation   BIGINT UNSIGNED,
  tag          VARCHAR(255) ${exact},
  labels       TEXT ${text},
  selector     TEXT ${text},
  payload      MEDIUMTEXT ${text},
  result       MEDIUMTEXT ${text},
  lease_ms     INT UNSIGNED NOT NULL,
  renewals     BIGINT UNSIGNED NOT NULL,
  expires_at   DATETIME(6) NOT NULL,
  requested_at DATETIME(6) NOT NULL,
  granted_at   DATETIME(6),
  PRIMARY KEY (id),
  KEY queue (resource_id, ticket)
) ENGINE = InnoDB`,
    // last, as whoever finds it takes the others for made
    `CREATE TABLE IF NOT EXISTS sera_schema (
  version    INT UNSIGNED NOT NULL,
  applied_at DATETIME(6) NOT NULL,
  PRIMARY KEY (version)
) ENGINE = InnoDB`,
    `INSERT IGNORE INTO sera_schema VALUES (${SCHEMA_VERSION}, UTC_TIMESTAMP(6))`,
  ]
}

/** Makes what is missing. Two hundred processes may do so at once. */
export async function createTables(connection: Connection, database: string, limitMs: number): Promise<void> {
  try {
    for (const statement of tables(connection.isMariaDb)) await connection.change(statement, [], limitMs)
  } catch (cause) {
    if (!DENIED.includes(errorCode(cause) ?? '')) throw cause
    throw new SeraError(
      'lock-failed',
      `the lock tables are missing in database ${database}, and the account may not create them: ` +
        'have a DBA run what `sera schema print` prints',
      { cause },
    )
  }
}

/** The account may not do that. */
export const DENIED: readonly string[] = [
  'ER_TABLEACCESS_DENIED_ERROR',
  'ER_DBACCESS_DENIED_ERROR',
  'ER_SPECIFIC_ACCESS_DENIED_ERROR',
]

/** @throws SeraError lock-failed, when the tables are of a version that this program does not know */
export function checkVersion(version: number): void {
  if (version === SCHEMA_VERSION) return
  const [verb, remedy] = version > SCHEMA_VERSION ? ['newer', 'update sera here'] : ['older', 'update the tables']
  throw new SeraError(
    'lock-failed',
    `the lock tables are of version ${version}, ${verb} than this sera knows (${SCHEMA_VERSION}): ${remedy}`,
  )
}
