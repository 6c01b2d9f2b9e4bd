/** The lock tables of real servers, for tests without a command line. */

import { ownerOf } from '../../src/claims/owner.js'
import { systemClock, systemRandom } from '../../src/clock.js'
import { parseDsn } from '../../src/config/dsn.js'
import { LockTables, type LockTablesOptions } from '../../src/store/tables/lock-tables.js'

/** Options that a test omits do not matter to it. */
export function lockTables(servers: readonly string[], options: Partial<LockTablesOptions> = {}): LockTables {
  return new LockTables({
    servers: servers.map(dsn => parseDsn(dsn)),
    owner: ownerOf(process.pid, ['test']),
    attributes: { program_name: 'sera' },
    leaseMs: 60_000,
    connectWaitMs: 30_000,
    namespace: '',
    clock: systemClock,
    random: systemRandom,
    ...options,
  })
}
