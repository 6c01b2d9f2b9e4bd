/** The request of a run at a resource of the lock tables, and how it waits. */
import { acquire, type WaitPolicy } from '../claims/acquire.js'
import type { OnQueued } from '../claims/lock.js'
import type { ClaimWithOwner, ResourceKey } from '../claims/model.js'
import type { OwnClaim } from '../claims/own-claim.js'
import type { ClaimSpec, Session } from '../claims/session.js'
import { shortened } from '../cli/output/progress-line.js'
import { firstHolder, type QueueSummary } from '../cli/output/queue-summary.js'
import { describeDsn } from '../config/dsn.js'
import type { Settings } from '../config/settings.js'
import type { Deadline } from '../deadline.js'
import { SeraError } from '../errors.js'
import type { Kind } from '../primitives/names.js'
import { checkName } from '../primitives/names.js'
import type { GrantSource } from './await-grant.js'

export interface LockRequest {
  key: ResourceKey
  spec: ClaimSpec
  policy: WaitPolicy
  /** For the progress line: `for rwlock`, `at gate`. */
  preposition: 'for' | 'at'
  summary: QueueSummary
}

/** @throws SeraError usage if it is not a valid name */
export function keyOf(kind: Kind, name: string): ResourceKey {
  return { kind, name: checkName(kind, name) }
}

/** The name of the lock in reports, logs and SERA_LOCK. */
export function lockOf({ kind, name }: ResourceKey): string {
  return `${kind}/${name}`
}

/** The name of the tables in SERA_HELD: the same for all runs with the same configuration. */
export function tablesOf({ servers }: Settings): string {
  return servers.map(describeDsn).join(',')
}

export function grantSourceAt(
  { key, preposition, summary, ...request }: LockRequest,
  session: Session,
  ownClaim: OwnClaim,
): GrantSource<OwnClaim> {
  const { store, clock } = session
  const claims = () => store.listClaims(key, { until: clock.now() })
  const summaryOf = (found: readonly ClaimWithOwner[]) => summary(found, ownClaim.id, clock.now())
  return {
    what: `${preposition} ${key.kind} ${shortened(key.name)}`,
    // for the progress line only; if the tables can't be read, the wait itself fails with the reason
    ask: () => claims().then(summaryOf, () => undefined),
    acquire: (deadline, onQueued) =>
      acquireClaim(session, ownClaim, request, deadline, onQueued).catch(error => Promise.reject(withName(error, key))),
    explainTimeout: async () => {
      const found = await claims().catch((): ClaimWithOwner[] => [])
      const holder = firstHolder(found)
      return { ...(holder ? { holder } : {}), situation: summaryOf(found)(clock.now()) || 'no holder now' }
    },
  }
}

/** A claim that is granted sooner does not queue; see `OnQueued`. */
const QUEUED_AFTER_MS = 50

export async function acquireClaim(
  session: Session,
  ownClaim: OwnClaim,
  { spec, policy }: Pick<LockRequest, 'spec' | 'policy'>,
  deadline: Deadline,
  onQueued?: OnQueued,
): Promise<OwnClaim | undefined> {
  const settled = session.clock.after(QUEUED_AFTER_MS, () => onQueued?.('none'))
  return await acquire(session, ownClaim, spec, policy, deadline).finally(settled)
}

/** A rule does not know the name of its resource, so the error gets it here. */
function withName(error: unknown, { kind, name }: ResourceKey): unknown {
  if (!(error instanceof SeraError) || error.kind !== 'conflict') return error
  return new SeraError('conflict', `${kind} ${name}: ${error.message}`, { cause: error })
}
