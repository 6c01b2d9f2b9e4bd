/** This run of the command line at the lock tables, and as a participant among the others there. */
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import { Participant, type ParticipantOptions } from '../primitives/participant.js'
import type { ResourceKey } from '../store/claims.js'
import { attributesOf } from '../store/connect.js'
import { LockTables, type LockTablesOptions } from '../store/lock-tables.js'
import { ownerOf } from '../store/owner.js'
import type { Call } from './call.js'
import { record } from './record.js'
import type { Report } from './report.js'
import { ending } from './session.js'

export function openTables(
  { settings, shown, warn }: Call,
  { clock, random, pid }: Host,
  options: Pick<LockTablesOptions, 'anySchema' | 'failed'> = {},
): LockTables {
  const { servers, leaseMs, connectWaitMs, namespace, history } = settings
  const attributes = attributesOf(pid, shown)
  const owner = ownerOf(pid, shown)
  return new LockTables({
    servers,
    owner,
    attributes,
    leaseMs,
    connectWaitMs,
    namespace,
    keepsHistory: history !== undefined,
    clock,
    random,
    warn,
    ...options,
  })
}

export function participantAt(
  tables: LockTables,
  { settings }: Call,
  { clock }: Host,
  more: Pick<ParticipantOptions, 'reapEveryMs'> = {},
): Participant {
  const { leaseMs, graceMs, maxClockSkewMs } = settings
  return new Participant(tables, { clock, leaseMs, graceMs, maxClockSkewMs, ...more })
}

/** Does work as a participant, which is over with it; how it ended is recorded when all has been given back. */
export async function participating(
  key: ResourceKey,
  call: Call,
  host: Host,
  report: Partial<Report>,
  work: (participant: Participant) => Promise<Outcome>,
): Promise<Outcome> {
  const tables = openTables(call, host)
  const participant = participantAt(tables, call, host)
  try {
    return await ending(
      () => work(participant),
      outcome => record(tables, key, outcome, call, host, report),
    )
  } finally {
    await participant.close()
  }
}
