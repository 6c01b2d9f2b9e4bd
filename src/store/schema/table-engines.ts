/**
 * The lock tables must be InnoDB. A table of another engine (MyISAM, Aria, …) takes part in no transaction and has no row
 * locks, so two steps could both decide on the same rows. A restore or `enforce_storage_engine` can leave such tables.
 */
import { SeraError } from '../../errors.js'
import { TABLES } from './schema.js'

/** Scalar: the lock tables that are not InnoDB, each with its engine; NULL when all are InnoDB. */
export const FOREIGN_TABLES = `SELECT GROUP_CONCAT(TABLE_NAME, ' (', COALESCE(ENGINE, 'unknown'), ')' SEPARATOR ', ')
  FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME IN (${TABLES.map(name => `'${name}'`).join(', ')}) AND COALESCE(ENGINE, 'unknown') <> 'InnoDB'`

/** `foreign`: the result of FOREIGN_TABLES. @throws SeraError lock-failed */
export function checkEngines(foreign: unknown, database: string): void {
  if (foreign === null || foreign === undefined) return
  throw new SeraError(
    'lock-failed',
    `lock tables in database ${database} are not InnoDB and so cannot lock: ${foreign}; run ${remedy(String(foreign))}`,
  )
}

/** The statements that convert the tables to InnoDB. */
function remedy(foreign: string): string {
  const names = foreign.split(', ').map(one => one.split(' ')[0])
  return names.map(name => `ALTER TABLE ${name} ENGINE = InnoDB`).join('; ')
}
