/** The version of the lock tables, and the statements that create it. */
import { SeraError } from '../../errors.js'
import { STEPS } from './ddl.js'

/** The privileges that the account needs on existing tables. */
export const PRIVILEGES = 'SELECT, INSERT, UPDATE, DELETE'

/** In the order of dropping. `sera_schema`, created last, goes first: without it the others count as missing. */
export const TABLES = ['sera_schema', 'sera_history', 'sera_claim', 'sera_resource'] as const

export const SCHEMA_VERSION = STEPS.length

/** The statements that bring tables of an older version up to date; version 0 means no tables. */
export function statementsSince(version: number, isMariaDb: boolean): string[] {
  return [
    ...STEPS.slice(version).flatMap(step => step(isMariaDb)),
    // last: a client that finds this table assumes that the others exist
    `CREATE TABLE IF NOT EXISTS sera_schema (
  version    INT UNSIGNED NOT NULL,
  applied_at DATETIME(6) NOT NULL,
  PRIMARY KEY (version)
) ENGINE = InnoDB`,
    `INSERT IGNORE INTO sera_schema VALUES (${SCHEMA_VERSION}, UTC_TIMESTAMP(6))`,
  ]
}

/**
 * Older tables are not changed here: that would lock out the hosts with the older sera at a moment that no person chose.
 *
 * @throws SeraError lock-failed, when this sera does not know the version
 */
export function checkVersion(version: number): void {
  if (version === SCHEMA_VERSION) return
  const [age, remedy] = version > SCHEMA_VERSION ? ['newer', 'update sera here'] : ['older', 'run `sera schema apply`']
  throw new SeraError(
    'lock-failed',
    `the lock tables have version ${version}, ${age} than this sera knows (${SCHEMA_VERSION}): ${remedy}`,
  )
}
