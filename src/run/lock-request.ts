/** A resource of the lock tables, as a run of the command line stops at it for its turn. */

import { acquire, type WaitPolicy } from '../claims/acquire.js'
import type { ClaimWithOwner, ResourceKey } from '../claims/model.js'
import type { OwnClaim } from '../claims/own-claim.js'
import type { ClaimSpec, Session } from '../claims/session.js'
import { shortened } from '../cli/output/progress-line.js'
import { firstHolder, type QueueSummary } from '../cli/output/queue-summary.js'
import { describeDsn } from '../config/dsn.js'
import type { Settings } from '../config/settings.js'
import { SeraError } from '../errors.js'
import type { Kind } from '../primitives/names.js'
import { checkName } from '../primitives/names.js'
import type { LockSource } from './await-grant.js'

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

/** What SERA_HELD calls the tables: the same for all who are configured alike. */
export function tablesOf({ servers }: Settings): string {
  return servers.map(describeDsn).join(',')
}

export function lockSourceAt(
  { key, spec, policy, preposition, summary }: LockRequest,
  session: Session,
  ownClaim: OwnClaim,
): LockSource<OwnClaim> {
  const { store, clock } = session
  const claims = () => store.listClaims(key, { until: clock.now() })
  const told = (found: readonly ClaimWithOwner[]) => summary(found, ownClaim.id, clock.now())
  return {
    what: `${preposition} ${key.kind} ${shortened(key.name)}`,
    // news for a person; the wait itself will tell what is wrong
    ask: () => claims().then(told, () => undefined),
    acquire: wait =>
      acquire(session, ownClaim, spec, policy, wait).catch(error => Promise.reject(withName(error, key))),
    explainTimeout: async () => {
      const found = await claims().catch((): ClaimWithOwner[] => [])
      const holder = firstHolder(found)
      return { ...(holder ? { holder } : {}), situation: told(found)(clock.now()) || 'nobody holds it now' }
    },
  }
}

/** Rules don't know the name of what they decide on. */
function withName(error: unknown, { kind, name }: ResourceKey): unknown {
  if (!(error instanceof SeraError) || error.kind !== 'conflict') return error
  return new SeraError('conflict', `${kind} ${name}: ${error.message}`, { cause: error })
}
