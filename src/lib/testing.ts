/** `sera/testing`: sera without a server, for the unit tests of programs that use it. */

import { Session } from '../claims/session.js'
import { systemClock, systemRandom } from '../clock.js'
import { MemoryStore, MemoryTables } from '../store/tables/memory-store.js'
import { type TimingOptions, timingOf } from './options.js'
import { self } from './self.js'
import { Sera } from './sera.js'

export type { TimingOptions } from './options.js'
export type { Sera } from './sera.js'

export interface MemoryServer {
  /** As `connect` of `sera`; each call is another process at the same server. @throws SeraError usage */
  connect(options?: MemoryOptions): Promise<Sera>
}

export interface MemoryOptions extends TimingOptions {
  /** What others see this participant as. Default: what the process was started as. */
  label?: string | undefined
}

/**
 * Lock tables in memory that behave as those on a server.
 *
 * @example
 * const server = memory()
 * await using mine = await server.connect()
 * await using theirs = await server.connect()
 */
export function memory(): MemoryServer {
  const tables = new MemoryTables(systemClock, systemRandom)
  return {
    async connect({ label, ...timing } = {}) {
      const store = new MemoryStore(tables, self(label))
      return new Sera(new Session(store, { clock: systemClock, random: systemRandom, ...timingOf(timing) }))
    },
  }
}
