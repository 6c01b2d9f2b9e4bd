/** A subcommand that wraps a command: stops at a resource of the lock tables, runs the command, gives the place back. */
import { ancestors } from '../child/process-table.js'
import type { OwnClaim } from '../claims/own-claim.js'
import type { Session } from '../claims/session.js'
import { after } from '../clock.js'
import { SeraError } from '../errors.js'
import type { Outcome } from '../outcome.js'
import { awaitGrant, type LockSource } from './await-grant.js'
import { heldEntry, sharesAbove } from './child-environment.js'
import type { RunContext } from './context.js'
import { guardTimes } from './guarded-run.js'
import { HeldClaim, leaveQuietly } from './held-claim.js'
import { runUnderLock } from './hold-lock.js'
import { type LockRequest, lockOf, lockSourceAt, tablesOf } from './lock-request.js'
import { withSession } from './open-session.js'
import { PrestartedGuard } from './prestarted-guard.js'

export interface RunLockedRequest extends LockRequest {
  /** How much of it is held, for a sera below this one; '' for all of it. */
  share: string
  /** Whether a wait could never end, as those above this sera hold these shares; `perhaps` when somebody else decides that. */
  endless(above: readonly string[]): boolean | 'perhaps'
  /** How it ends when it was let on without a place to run under; undefined when there is one. */
  outcomeWithoutRun?(ownClaim: OwnClaim): Outcome | undefined
  /** The granted place as a lock; a HeldClaim unless giving it back is more than that. */
  hold?(session: Session, ownClaim: OwnClaim): HeldClaim
  /** How a run ended that has given its place back, where that is more than how its command ended. */
  outcomeAfterLeaving?(outcome: Outcome): Outcome | undefined
}

/** A place that was to be had is granted sooner; see `Wait.queued`. */
const QUEUED_AFTER_MS = 50

export async function runLocked(request: RunLockedRequest, context: RunContext): Promise<Outcome> {
  const { host, report, shown, settings, waitMs } = context
  const lock = lockOf(request.key)
  const tables = tablesOf(settings)
  Object.assign(report, { lock, command: shown, waitMs })
  const endless = request.endless(sharesAbove(host, lock, tables, ancestors))
  if (endless === true) throw endlessWait(lock)
  const marker = heldEntry(host.pid, lock, tables, request.share)
  const reserve = new PrestartedGuard({ ...guardTimes(settings), marker, path: host.env.PATH })
  const inReserve = after(QUEUED_AFTER_MS, () => reserve.prepare('none'))
  const patient = endless === 'perhaps' ? { ...context, waitMs: 0 } : context
  return await withSession(request.key, context, async session => {
    try {
      const ownClaim = session.newClaim(request.key)
      const arrival = unlessInterrupted(lockSourceAt(request, session, ownClaim), session)
      const grant = await awaitGrant(arrival, patient)
      inReserve()
      if ('outcome' in grant) {
        if (endless && grant.outcome.kind === 'timed-out') throw endlessWait(lock)
        return grant.outcome
      }
      const passed = request.outcomeWithoutRun?.(ownClaim)
      if (passed) {
        await leaveQuietly(session, ownClaim)
        return passed
      }
      const held = request.hold?.(session, ownClaim) ?? new HeldClaim(session, ownClaim)
      const outcome = await runUnderLock(held, { lock, marker, slot: ownClaim.seen?.slot }, context, reserve)
      return request.outcomeAfterLeaving?.(outcome) ?? outcome
    } finally {
      inReserve()
      reserve.dismiss()
    }
  })
}

/** At a barrier a place may be granted to one who was just told to give up: it is given back, and nothing is started. */
function unlessInterrupted(source: LockSource<OwnClaim>, session: Session): LockSource<OwnClaim> {
  const take: LockSource<OwnClaim>['acquire'] = async wait => {
    const ownClaim = await source.acquire(wait)
    if (!ownClaim || !wait.signal.aborted) return ownClaim
    await leaveQuietly(session, ownClaim)
    throw wait.signal.reason
  }
  return { ...source, acquire: take }
}

function endlessWait(lock: string): SeraError {
  return new SeraError('conflict', `${lock} is held by a sera above this one; waiting for it would never end`)
}
