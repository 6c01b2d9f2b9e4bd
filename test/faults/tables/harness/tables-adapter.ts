/** The lock in the lock tables, through the library, with a broken rule or a faulty store if the test asks for one. */

import { ownerOf } from '../../../../src/claims/owner.js'
import { Session } from '../../../../src/claims/session.js'
import { systemClock, systemRandom } from '../../../../src/clock.js'
import { Counter } from '../../../../src/primitives/counter.js'
import { Mutex } from '../../../../src/primitives/mutex.js'
import { attributesOf } from '../../../../src/store/mysql/connect.js'
import { lockTables } from '../../../support/lock-tables.js'
import { troubled } from './altered-store.js'
import type { BrokenStore } from './broken-rules.js'
import type { ClientOptions } from './client-options.js'
import type { LockAdapter } from './lock-adapter.js'

const MAX_CLOCK_SKEW_MS = 30_000

export interface TablesAdapter extends LockAdapter {
  add(): Promise<void>
}

export function tablesAdapter(options: ClientOptions, brokenStore: BrokenStore, index: number): TablesAdapter {
  const { servers, leaseMs, graceMs, name } = options
  const at = index % servers.length
  const others = options.pinned ? [] : [...servers.slice(at + 1), ...servers.slice(0, at)]
  const store = lockTables([servers[at] ?? '', ...others], {
    owner: ownerOf(process.pid, [`${options.process}.${index}`]),
    attributes: attributesOf(process.pid, [options.process]),
    leaseMs,
    connectWaitMs: 60_000,
  })
  const session = new Session(brokenStore.store(troubled(store, options)), {
    clock: systemClock,
    random: systemRandom,
    leaseMs,
    graceMs,
    maxClockSkewMs: MAX_CLOCK_SKEW_MS,
  })
  return {
    async acquire(signal) {
      const lock = await new Mutex(session, name).acquire({ signal })
      const { token, signal: lost } = lock
      return {
        token,
        signal: brokenStore.selfFencing ? lost : new AbortController().signal,
        release: () => lock.release(),
      }
    },
    async add() {
      await new Counter(session, name).add(1)
    },
    close: () => session.close(),
  }
}
