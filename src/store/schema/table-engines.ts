/**
 * The lock tables have to be InnoDB. A table of another engine (MyISAM, Aria, …) takes part in no transaction and has no row locks,
 * so two steps would decide on the same facts. A restore may make such tables, and so may `enforce_storage_engine`.
 */
import { SeraError } from '../../errors.js'
import { TABLES } from './schema.js'

/** As a scalar: those of the lock tables that are not InnoDB, each with its engine; NULL where all are. */
export const FOREIGN_TABLES = `SELECT GROUP_CONCAT(TABLE_NAME, ' (', COALESCE(ENGINE, 'unknown'), ')' SEPARATOR ', ')
  FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME IN (${TABLES.map(name => `'${name}'`).join(', ')}) AND COALESCE(ENGINE, 'unknown') <> 'InnoDB'`

/** `foreign`: what FOREIGN_TABLES has returned. @throws SeraError lock-failed */
export function checkEngines(foreign: unknown, database: string): void {
  if (foreign === null || foreign === undefined) return
  throw new SeraError(
    'lock-failed',
    `lock tables in database ${database} are not InnoDB and so cannot lock: ${foreign}; run ${remedy(String(foreign))}`,
  )
}

/** The statements that make them InnoDB. */
function remedy(foreign: string): string {
  const names = foreign.split(', ').map(one => one.split(' ')[0])
  return names.map(name => `ALTER TABLE ${name} ENGINE = InnoDB`).join('; ')
}
