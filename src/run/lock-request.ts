/** What a run asks of a resource of the lock tables, and how it waits there. */

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
  /** How a person puts it: `for rwlock`, `at gate`. */
  preposition: 'for' | 'at'
  summary: QueueSummary
}

/** @throws SeraError usage, when it can't be a name */
export function keyOf(kind: Kind, name: string): ResourceKey {
  return { kind, name: checkName(kind, name) }
}

/** What reports, logs and the command call it. */
export function lockOf({ kind, name }: ResourceKey): string {
  return `${kind}/${name}`
}

/** What SERA_HELD calls the tables: the same for all runs that are configured alike. */
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
  const told = (found: readonly ClaimWithOwner[]) => summary(found, ownClaim.id, clock.now())
  return {
    what: `${preposition} ${key.kind} ${shortened(key.name)}`,
    // for the progress line only; if the tables can't be read, the wait itself fails with the reason
    ask: () => claims().then(told, () => undefined),
    acquire: (deadline, onQueued) =>
      acquireClaim(session, ownClaim, request, deadline, onQueued).catch(error => Promise.reject(withName(error, key))),
    explainTimeout: async () => {
      const found = await claims().catch((): ClaimWithOwner[] => [])
      const holder = firstHolder(found)
      return { ...(holder ? { holder } : {}), situation: told(found)(clock.now()) || 'no holder now' }
    },
  }
}

/** A claim that need not queue is granted sooner; see `OnQueued`. */
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

/** Rules don't know the name of what they decide on. */
function withName(error: unknown, { kind, name }: ResourceKey): unknown {
  if (!(error instanceof SeraError) || error.kind !== 'conflict') return error
  return new SeraError('conflict', `${kind} ${name}: ${error.message}`, { cause: error })
}
