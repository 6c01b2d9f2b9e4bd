/** `sera/testing`: sera without a server, for the unit tests of programs. */

import { Session } from '../claims/session.js'
import { systemClock, systemRandom } from '../clock.js'
import { MemoryStore, MemoryTables } from '../store/tables/memory-store.js'
import { type TimingOptions, timingOf } from './options.js'
import { self } from './self.js'
import { Sera } from './sera.js'

export type { TimingOptions } from './options.js'
export type { Sera } from './sera.js'

/** A server in memory. */
export interface MemoryServer {
  /**
   * Connects, as `connect` of `sera` does. Each call acts as another process at the same server.
   *
   * @throws SeraError `usage`: an option is not valid
   */
  connect(options?: MemoryOptions): Promise<Sera>
}

/** Options of `connect` of a server in memory. */
export interface MemoryOptions extends TimingOptions {
  /** What `contenders()` shows as the command of this participant. Default: the command line of the process. */
  label?: string | undefined
}

/**
 * Makes a server in memory, whose lock tables behave as those of a real server. Durations are real: a lease takes its time.
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
