/**
 * The lock tables: their definition, as the steps by which it has grown. Step n makes version n of what was version n −
 * 1, and each of its statements is harmless when it is repeated, so that two who do the same at once are too.
 */
import { SeraError } from '../errors.js'

/** What the account has to be allowed to, once the tables are there. */
export const PRIVILEGES = 'SELECT, INSERT, UPDATE, DELETE'

/** In the order in which they go: without the last to be made, the others are taken for not there. */
export const TABLES = ['sera_schema', 'sera_history', 'sera_claim', 'sera_resource'] as const

/** Longest name, in characters: the user's 255, and a namespace with its separator. */
const NAME = 'VARCHAR(320)'
const PLAIN = 'CHARACTER SET ascii COLLATE ascii_bin'
const TEXT = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin'

/**
 * Names are compared byte by byte, trailing spaces included, for which the two servers have collations of different
 * names.
 */
function exactOn(isMariaDb: boolean): string {
  return `CHARACTER SET utf8mb4 COLLATE ${isMariaDb ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin'}`
}

/** By who they are of, for people. */
const OWNER = `host         VARCHAR(255) ${TEXT} NOT NULL,
  pid          INT UNSIGNED NOT NULL,
  user         VARCHAR(64) ${TEXT} NOT NULL,
  command      VARCHAR(500) ${TEXT} NOT NULL`

/** Claims and what they are at. The index `unused` came with version 2. */
const first = (exact: string) => [
  `CREATE TABLE IF NOT EXISTS sera_resource (
  id            BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  kind          VARCHAR(32) ${PLAIN} NOT NULL,
  name          ${NAME} ${exact} NOT NULL,
  version       BIGINT UNSIGNED NOT NULL,
  granted_token BIGINT UNSIGNED,
  capacity      BIGINT,
  value         BIGINT NOT NULL DEFAULT 0,
  generation    BIGINT UNSIGNED NOT NULL DEFAULT 0,
  record        MEDIUMTEXT ${TEXT},
  PRIMARY KEY (id),
  UNIQUE KEY kind_name (kind, name),
  KEY unused (value, version)
) ENGINE = InnoDB`,
  `CREATE TABLE IF NOT EXISTS sera_claim (
  id           CHAR(32) ${PLAIN} NOT NULL,
  resource_id  BIGINT UNSIGNED NOT NULL,
  ticket       BIGINT UNSIGNED NOT NULL,
  process_id   CHAR(16) ${PLAIN} NOT NULL,
  ${OWNER},
  state        VARCHAR(16) ${PLAIN} NOT NULL,
  token        BIGINT UNSIGNED,
  mode         VARCHAR(16) ${PLAIN},
  units        BIGINT NOT NULL,
  slot         INT UNSIGNED,
  generation   BIGINT UNSIGNED,
  tag          VARCHAR(255) ${exact},
  labels       TEXT ${TEXT},
  selector     TEXT ${TEXT},
  payload      MEDIUMTEXT ${TEXT},
  result       MEDIUMTEXT ${TEXT},
  lease_ms     INT UNSIGNED NOT NULL,
  renewals     BIGINT UNSIGNED NOT NULL,
  expires_at   DATETIME(6) NOT NULL,
  requested_at DATETIME(6) NOT NULL,
  granted_at   DATETIME(6),
  PRIMARY KEY (id),
  KEY queue (resource_id, ticket)
) ENGINE = InnoDB`,
]

/** What has run. */
const second = (exact: string) => [
  `CREATE TABLE IF NOT EXISTS sera_history (
  id           BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  kind         VARCHAR(32) ${PLAIN} NOT NULL,
  name         ${NAME} ${exact} NOT NULL,
  token        BIGINT UNSIGNED,
  ${OWNER},
  requested_at DATETIME(6) NOT NULL,
  granted_at   DATETIME(6),
  released_at  DATETIME(6) NOT NULL,
  outcome      VARCHAR(16) ${PLAIN} NOT NULL,
  exit_code    SMALLINT UNSIGNED NOT NULL,
  PRIMARY KEY (id),
  KEY released (released_at),
  KEY name (name, released_at)
) ENGINE = InnoDB`,
  ...unlessIndexed('unused', 'ALTER TABLE sera_resource DROP KEY version, ADD KEY unused (value, version)'),
]

/** An ALTER that adds an index to sera_resource, where it is not there: MySQL has no IF NOT EXISTS for that. */
function unlessIndexed(index: string, alter: string): string[] {
  const isThere = `SELECT 1 FROM information_schema.STATISTICS
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'sera_resource' AND INDEX_NAME = '${index}'`
  return [
    `SET @sera_change = IF(EXISTS (${isThere}), 'DO 0', '${alter}')`,
    'PREPARE sera_change FROM @sera_change',
    'EXECUTE sera_change',
    'DEALLOCATE PREPARE sera_change',
  ]
}

const STEPS: readonly ((exact: string) => string[])[] = [first, second]

export const SCHEMA_VERSION = STEPS.length

/** What makes today's tables of those of an older version; of version 0, which is none, all of them. */
export function statementsSince(version: number, isMariaDb: boolean): string[] {
  return [
    ...STEPS.slice(version).flatMap(step => step(exactOn(isMariaDb))),
    // last, as whoever finds it takes the others for made
    `CREATE TABLE IF NOT EXISTS sera_schema (
  version    INT UNSIGNED NOT NULL,
  applied_at DATETIME(6) NOT NULL,
  PRIMARY KEY (version)
) ENGINE = InnoDB`,
    `INSERT IGNORE INTO sera_schema VALUES (${SCHEMA_VERSION}, UTC_TIMESTAMP(6))`,
  ]
}

/**
 * Tables of an older version are not brought up to date in passing: the hosts that still have the older sera would be
 * refused from then on, at a moment that nobody chose.
 *
 * @throws SeraError lock-failed, when the tables are of a version that this program does not know
 */
export function checkVersion(version: number): void {
  if (version === SCHEMA_VERSION) return
  const [verb, remedy] = version > SCHEMA_VERSION ? ['newer', 'update sera here'] : ['older', 'run `sera schema apply`']
  throw new SeraError(
    'lock-failed',
    `the lock tables are of version ${version}, ${verb} than this sera knows (${SCHEMA_VERSION}): ${remedy}`,
  )
}
