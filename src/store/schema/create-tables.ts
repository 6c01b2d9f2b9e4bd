/** Creates the lock tables, or adds what they lack. Each statement is harmless when it is repeated. */
import { SeraError } from '../../errors.js'
import type { Connection } from '../mysql/connection.js'
import { errorCode } from '../mysql/retry.js'
import { statementsSince } from './schema.js'

/** Brings tables of version `since` up to date; 0: creates them. @throws SeraError lock-failed, when the account may not */
export async function createTables(raw: Connection, since: number, database: string, limitMs: number): Promise<void> {
  try {
    for (const statement of statementsSince(since, raw.isMariaDb)) await raw.change(statement, [], limitMs)
  } catch (cause) {
    if (errorCode(cause) === 'ER_OPTION_PREVENTS_STATEMENT') await checkEnforced(raw, limitMs)
    if (!isDenied(cause)) throw cause
    const [are, change] = since === 0 ? ['missing', 'create'] : [`of version ${since}`, 'change']
    throw new SeraError(
      'lock-failed',
      `the lock tables are ${are} in database ${database}, and the account may not ${change} them: ` +
        'have a DBA run what `sera schema print` prints',
      { cause },
    )
  }
}

/** MariaDB reports the same error for a read-only server and for one that enforces another storage engine. */
async function checkEnforced(raw: Connection, limitMs: number): Promise<void> {
  const [row] = await raw.query('SELECT @@enforce_storage_engine AS engine', [], limitMs).catch(() => [])
  if (!row?.engine || row.engine === 'InnoDB') return
  throw new SeraError(
    'lock-failed',
    `the server makes every table ${row.engine} (enforce_storage_engine), but the lock tables must be InnoDB: ` +
      'set it to InnoDB, or create the tables in a SUPER session that unsets it',
  )
}

/** Errors for a missing privilege. */
export const DENIED: readonly string[] = [
  'ER_TABLEACCESS_DENIED_ERROR',
  'ER_DBACCESS_DENIED_ERROR',
  'ER_SPECIFIC_ACCESS_DENIED_ERROR',
]

export function isDenied(error: unknown): boolean {
  return DENIED.includes(errorCode(error) ?? '')
}
