/** Facts about servers that this machine does not have. */
import { parseDsn } from '../../../src/config/dsn.js'
import type { Diagnosis, ServerFacts } from '../../../src/store/diagnosis.js'

export interface GivenFacts extends Partial<Omit<ServerFacts, 'settings' | 'status'>> {
  settings?: Record<string, string>
  status?: Record<string, string>
}

/** A healthy plain MySQL, with the given changes. */
export function facts({ settings = {}, status = {}, ...rest }: GivenFacts = {}): ServerFacts {
  return {
    greeting: { version: '8.4.3', connection: 7 },
    isMariaDb: false,
    identity: {
      ...{ version: '8.4.3', comment: '', connection: 7, account: 'sera@%' },
      ...{ maxUserConnections: 0, userConnections: 0 },
    },
    proxy: undefined,
    settings: new Map(Object.entries({ max_connections: '151', wait_timeout: '28800', read_only: 'OFF', ...settings })),
    status: new Map(Object.entries({ threads_connected: '3', ...status })),
    sessionTimeout: 60,
    clock: { before: 0, after: 2, server: '1970-01-01 00:00:00.001000' },
    getLock: undefined,
    members: undefined,
    tables: { database: 'sera', tables: [], version: 1, hosts: [], mayCreate: undefined },
    asked: { count: 1, ms: 1 },
    ...rest,
  }
}

export function diagnosis(told?: GivenFacts): Diagnosis {
  return { dsn: parseDsn('sera:secret@tcp(db:3306)/sera'), connectMs: 3, facts: facts(told) }
}
