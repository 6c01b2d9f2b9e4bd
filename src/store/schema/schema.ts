/** The lock tables as one whole: their version, and the statements that make it. */
import { SeraError } from '../../errors.js'
import { STEPS } from './ddl.js'

/** What the account has to be allowed to, once the tables are there. */
export const PRIVILEGES = 'SELECT, INSERT, UPDATE, DELETE'

/** In the order in which they go: without the last to be made, the others are taken for not there. */
export const TABLES = ['sera_schema', 'sera_history', 'sera_claim', 'sera_resource'] as const

export const SCHEMA_VERSION = STEPS.length

/** What makes today's tables of those of an older version; of version 0, which is none, all of them. */
export function statementsSince(version: number, isMariaDb: boolean): string[] {
  return [
    ...STEPS.slice(version).flatMap(step => step(isMariaDb)),
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
