/**
 * The definition of the lock tables, as one step a version. Step n turns version n − 1 into version n.
 *
 * 1. CREATE TABLE has today's definition, so new tables need no ALTER. An ALTER does nothing if its change exists.
 * 2. So every statement is harmless when it is repeated: two clients may run the same step at once.
 * 3. A client of the previous version with open connections keeps working during and after a step: a step adds only
 *    columns that are nullable or that the server computes, and no client statement relies on the order of columns.
 */

/** Longest name, in characters: the user's 255, and a namespace with its separator. */
const NAME = 'VARCHAR(320)'
const PLAIN = 'CHARACTER SET ascii COLLATE ascii_bin'
const TEXT = 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin'

/** Names are compared byte by byte, including trailing spaces. The servers have different names for such a collation. */
function exactOn(isMariaDb: boolean): string {
  return `CHARACTER SET utf8mb4 COLLATE ${isMariaDb ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin'}`
}

/** The process that owns a row, shown to people. */
const OWNER = `host         VARCHAR(255) ${TEXT} NOT NULL,
  pid          INT UNSIGNED NOT NULL,
  user         VARCHAR(64) ${TEXT} NOT NULL,
  command      VARCHAR(500) ${TEXT} NOT NULL`

/** Computed by the server from `name`: '' without a namespace. */
function namespaceColumn(exact: string): string {
  return `namespace VARCHAR(64) ${exact} AS (LEFT(name, LOCATE(CONVERT(CHAR(0) USING utf8mb4), name) - 1)) VIRTUAL`
}

/** `version` if the resource keeps data without a claim (a counter's value, a closed gate, a record), else NULL. */
const KEPT_VERSION = 'kept_version BIGINT UNSIGNED AS (IF(value <> 0, version, NULL)) VIRTUAL'

/** Microseconds, as in `sera_resource.version`. */
export const DAY_US = 86_400_000_000

/**
 * The first day, counted from 1970, on which a resource without claims may be deleted; NULL for never. It is more than
 * a week after the last use. A record is also kept until the time in the resource's value. The unit is a day so that a
 * bump changes no index.
 */
const SWEEP_DAY = `sweep_day INT UNSIGNED AS (CASE
    WHEN value = 0 AND record IS NULL THEN version DIV ${DAY_US} + 8
    WHEN value > 0 AND record IS NOT NULL THEN GREATEST(version DIV ${DAY_US} + 8, value DIV ${DAY_US} + 1)
  END) VIRTUAL`

const RESOURCE_KEYS = [
  'sweep (sweep_day)',
  'kept (namespace, kept_version)',
  'kept_of_kind (namespace, kind, kept_version)',
]

const HISTORY_KEYS = [
  'namespace (namespace, released_at)',
  'namespace_outcome (namespace, outcome, released_at)',
  'name_outcome (name, outcome, released_at)',
]

/** A recorded sighting: at `seen_at`, by the server's clock, a process read the claim with `seen_renewals`. */
const SIGHTING = ['seen_renewals BIGINT UNSIGNED', 'seen_at DATETIME(6)']

const REASON = `reason VARCHAR(500) ${TEXT}`

/** Resources and their claims. */
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
  ${[namespaceColumn(exact), KEPT_VERSION, SWEEP_DAY].join(',\n  ')},
  PRIMARY KEY (id),
  UNIQUE KEY kind_name (kind, name),
  ${keys(RESOURCE_KEYS)}
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
  ${SIGHTING.join(',\n  ')},
  PRIMARY KEY (id),
  KEY queue (resource_id, ticket),
  KEY expires (expires_at)
) ENGINE = InnoDB`,
]

/** History. */
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
  ${[REASON, namespaceColumn(exact)].join(',\n  ')},
  PRIMARY KEY (id),
  KEY released (released_at),
  KEY name (name, released_at),
  ${keys(HISTORY_KEYS)}
) ENGINE = InnoDB`,
]

/**
 * Indexes, so that a statement costs what is in use and not what exists, and columns for sightings and reasons.
 * Computed columns are added in a statement of their own, without their indexes: only then do both servers neither copy
 * the table nor block its writers.
 */
const third = (exact: string) => [
  ...unless('sera_resource', { column: 'sweep_day' }, add([namespaceColumn(exact), KEPT_VERSION, SWEEP_DAY])),
  ...unless('sera_resource', { index: 'sweep' }, addKeys(RESOURCE_KEYS)),
  ...where('sera_resource', { index: 'version' }, 'DROP KEY version'),
  ...where('sera_resource', { index: 'unused' }, 'DROP KEY unused'),
  ...unless('sera_claim', { column: 'seen_at' }, add(SIGHTING)),
  ...unless('sera_claim', { index: 'expires' }, addKeys(['expires (expires_at)'])),
  ...unless('sera_history', { column: 'reason' }, add([REASON])),
  ...unless('sera_history', { column: 'namespace' }, add([namespaceColumn(exact)])),
  ...unless('sera_history', { index: 'namespace' }, addKeys(HISTORY_KEYS)),
]

export const STEPS = [first, second, third].map(step => (isMariaDb: boolean) => step(exactOn(isMariaDb)))

function keys(definitions: readonly string[]): string {
  return definitions.map(definition => `KEY ${definition}`).join(',\n  ')
}

function add(columns: readonly string[]): string {
  return columns.map(column => `ADD COLUMN ${column}`).join(', ')
}

function addKeys(definitions: readonly string[]): string {
  return definitions.map(definition => `ADD KEY ${definition}`).join(', ')
}

type Part = { column: string } | { index: string }

/** Alters a table where it lacks a column or an index. MySQL has no IF NOT EXISTS for either. */
function unless(table: string, part: Part, change: string): string[] {
  return prepared(`IF(${isThere(table, part)}, 'DO 0', 'ALTER TABLE ${table} ${change}')`)
}

/** Alters a table where it has a column or an index. */
function where(table: string, part: Part, change: string): string[] {
  return prepared(`IF(${isThere(table, part)}, 'ALTER TABLE ${table} ${change}', 'DO 0')`)
}

function isThere(table: string, part: Part): string {
  const [view, name, value] =
    'column' in part ? ['COLUMNS', 'COLUMN_NAME', part.column] : ['STATISTICS', 'INDEX_NAME', part.index]
  return `EXISTS (SELECT 1 FROM information_schema.${view}
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '${table}' AND ${name} = '${value}')`
}

function prepared(statement: string): string[] {
  return [
    `SET @sera_change = ${statement}`,
    'PREPARE sera_change FROM @sera_change',
    'EXECUTE sera_change',
    'DEALLOCATE PREPARE sera_change',
  ]
}
