/** The lock at the tables themselves, as the library has it; with rules that are broken and troubles that are made up. */
import { systemClock } from '../../../src/clock.js'
import { parseDsn } from '../../../src/config/dsn.js'
import { Counter } from '../../../src/primitives/counter.js'
import { Mutex } from '../../../src/primitives/mutex.js'
import { Participant } from '../../../src/primitives/participant.js'
import { attributesOf } from '../../../src/store/connect.js'
import { LockTables } from '../../../src/store/lock-tables.js'
import { ownerOf } from '../../../src/store/owner.js'
import { troubled } from './altered.js'
import type { Breakage } from './broken.js'
import type { TeamOptions } from './team.js'
import type { Way } from './way.js'

const MAX_CLOCK_SKEW_MS = 30_000

export interface AtTables extends Way {
  add(): Promise<void>
}

export function atTables(team: TeamOptions, breakage: Breakage, index: number): AtTables {
  const { servers, leaseMs, graceMs, name } = team
  const at = index % servers.length
  const others = team.pinned ? [] : [...servers.slice(at + 1), ...servers.slice(0, at)]
  const store = new LockTables({
    servers: [servers[at] ?? '', ...others].map(dsn => parseDsn(dsn)),
    owner: ownerOf(process.pid, [`${team.team}.${index}`]),
    attributes: attributesOf(process.pid, [team.team]),
    leaseMs,
    connectWaitMs: 60_000,
    namespace: '',
    clock: systemClock,
    random: Math.random,
  })
  const participant = new Participant(breakage.store(troubled(store, team)), {
    clock: systemClock,
    leaseMs,
    graceMs,
    maxClockSkewMs: MAX_CLOCK_SKEW_MS,
  })
  return {
    async take(signal) {
      const lock = await new Mutex(participant, name).acquire({ signal })
      const { token, signal: lost } = lock
      return {
        token,
        signal: breakage.selfFencing ? lost : new AbortController().signal,
        release: () => lock.release(),
      }
    },
    async add() {
      await new Counter(participant, name).add(1)
    },
    close: () => participant.close(),
  }
}
