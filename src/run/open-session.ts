/** Opens the connections of a run to the lock tables, and its session. */
import type { ResourceKey } from '../claims/model.js'
import { ownerOf } from '../claims/owner.js'
import { Session, type SessionOptions } from '../claims/session.js'
import { type Outcome, reportingOutcome } from '../outcome.js'
import { attributesOf } from '../store/mysql/connect.js'
import { LockTables, type LockTablesOptions } from '../store/tables/lock-tables.js'
import { RetryingClient } from '../store/tables/retrying-client.js'
import type { RunContext } from './context.js'
import { recordHistory } from './record-history.js'

export function openTables(
  { settings, shown, messages, host }: RunContext,
  options: Pick<LockTablesOptions, 'anySchema' | 'failed'> = {},
): LockTables {
  const { servers, leaseMs, connectWaitMs, namespace, history } = settings
  const { clock, random, pid } = host
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
    warn: message => messages.warn(message),
    ...options,
  })
}

export function openSession(
  tables: LockTables,
  { settings, host: { clock, random } }: Pick<RunContext, 'settings' | 'host'>,
  more: Pick<SessionOptions, 'reapEveryMs'> = {},
): Session {
  const { leaseMs, graceMs, maxClockSkewMs } = settings
  return new Session(tables, { clock, random, leaseMs, graceMs, maxClockSkewMs, ...more })
}

/** Runs `work` with a session, records its outcome in the history, and closes the session. */
export async function withSession(
  key: ResourceKey,
  context: RunContext,
  work: (session: Session) => Promise<Outcome>,
): Promise<Outcome> {
  const tables = openTables(context)
  const session = openSession(tables, context)
  try {
    return await reportingOutcome(
      () => work(session),
      outcome => recordHistory(tables, key, outcome, context),
    )
  } finally {
    await session.close()
  }
}

/** A read-only client with a connection of its own. The caller closes it. */
export function openRetryingClient(
  { settings, host: { clock, random, pid } }: Pick<RunContext, 'settings' | 'host'>,
  command: readonly string[],
): RetryingClient {
  const { servers, leaseMs, connectWaitMs, namespace } = settings
  const attributes = attributesOf(pid, command)
  return new RetryingClient({ servers, attributes, leaseMs, connectWaitMs, namespace, clock, random, onlyReads: true })
}
