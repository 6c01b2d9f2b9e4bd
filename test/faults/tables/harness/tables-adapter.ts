/** The lock at the tables themselves, as the library has it; with rules that are broken and troubles that are made up. */

import { ownerOf } from '../../../../src/claims/owner.js'
import { Session } from '../../../../src/claims/session.js'
import { systemClock } from '../../../../src/clock.js'
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

export function tablesAdapter(options: ClientOptions, breakage: BrokenStore, index: number): TablesAdapter {
  const { servers, leaseMs, graceMs, name } = options
  const at = index % servers.length
  const others = options.pinned ? [] : [...servers.slice(at + 1), ...servers.slice(0, at)]
  const store = lockTables([servers[at] ?? '', ...others], {
    owner: ownerOf(process.pid, [`${options.team}.${index}`]),
    attributes: attributesOf(process.pid, [options.team]),
    leaseMs,
    connectWaitMs: 60_000,
  })
  const session = new Session(breakage.store(troubled(store, options)), {
    clock: systemClock,
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
        signal: breakage.selfFencing ? lost : new AbortController().signal,
        release: () => lock.release(),
      }
    },
    async add() {
      await new Counter(session, name).add(1)
    },
    close: () => session.close(),
  }
}
