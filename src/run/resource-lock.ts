/** The lock source for a resource of the lock tables. */
import type { OwnClaim } from '../claims/own-claim.js'
import type { Session } from '../claims/session.js'
import type { WithoutRun } from './await-grant.js'
import type { RunContext } from './context.js'
import { HeldClaim, leaveQuietly } from './held-claim.js'
import type { RunnableLock } from './hold-lock.js'
import { grantSourceAt, type LockRequest, lockOf, tablesOf } from './lock-request.js'
import { openSession, openTables } from './open-session.js'
import { recordHistory } from './record-history.js'
import type { LockSource, OpenLock } from './run-locked.js'

export interface ResourceLock extends LockRequest, Pick<LockSource, 'share' | 'endless'> {
  /** Makes a lock of the granted claim; by default a `HeldClaim`. */
  hold?: Hold
  /** Whether a guard is started while the claim waits; true when absent. */
  prestartsGuard?: boolean
}

export type Hold = (
  session: Session,
  ownClaim: OwnClaim,
  signal: AbortSignal | undefined,
) => RunnableLock | WithoutRun | Promise<RunnableLock | WithoutRun>

export function resourceSource(request: ResourceLock, context: RunContext): LockSource {
  const { key, share, endless } = request
  return {
    lock: lockOf(key),
    server: tablesOf(context.settings),
    ...(share === undefined ? {} : { share }),
    ...(endless ? { endless } : {}),
    open: () => openResource(request, context),
  }
}

function openResource(request: ResourceLock, context: RunContext): OpenLock {
  const { key, hold = underClaim, prestartsGuard = true } = request
  const tables = openTables(context)
  const session = openSession(tables, context)
  const ownClaim = session.newClaim(key)
  const source = grantSourceAt(request, session, ownClaim)
  return {
    ...source,
    async acquire(deadline, onQueued) {
      const granted = await source.acquire(deadline, prestartsGuard ? onQueued : undefined)
      if (!granted) return undefined
      const { signal } = deadline
      if (!signal?.aborted) return await hold(session, granted, signal)
      // At a barrier, a claim may be granted just after a signal ended the wait. Release it, and start nothing.
      await leaveQuietly(session, granted)
      throw signal.reason
    },
    record: outcome => recordHistory(tables, key, outcome, context),
    close: () => session.close(),
  }
}

function underClaim(session: Session, ownClaim: OwnClaim): RunnableLock {
  return new HeldClaim(session, ownClaim)
}
