/**
 * Requests that end with their grant: to arrive at a barrier, to meet, to add to a counter, to pass a gate. The client stays
 * connected while it waits, and this gateway owns its claim. If the client disconnects, the gateway removes the claim.
 *
 * If the client sends its own id (`Idempotency-Key`), the granted claim stays for at least half a lease as the record of what was
 * done (`idempotency-records.ts`). It is not renewed. The same request within that time, at any gateway, gets the recorded answer
 * and does nothing.
 *
 * An arrival with a tag leaves no record: the next arrival with that tag would take the record for its own claim.
 */

import { acquire } from '../../claims/acquire.js'
import type { Claim } from '../../claims/model.js'
import { timedOut } from '../../primitives/primitive.js'
import { clientProcess } from '../../store/tables/client-claim.js'
import type { ClaimWish } from './client-claims.js'
import type { ApiContext } from './context.js'

export type Passing = Pick<ClaimWish, 'key' | 'spec' | 'policy' | 'waitMs'> & { id: string | undefined }

/** @returns the granted claim; undefined if the grant leaves no claim @throws SeraError timed-out, conflict, lock-failed */
export function pass(context: ApiContext, passing: Passing, signal: AbortSignal): Promise<Claim | undefined> {
  const { id } = passing
  if (id === undefined) return through(context, passing, signal)
  return context.slots.take(id, signal, async one => {
    const known = await context.claims.known({ ...passing, id })
    if (known?.state === 'granted') return known
    const claim = await through(context, { ...passing, spec: { ...passing.spec, processId: clientProcess(id) } }, one)
    return claim && isKept(passing) ? await context.claims.read(id) : claim
  })
}

async function through(
  { gateway, records }: ApiContext,
  passing: Passing,
  signal: AbortSignal,
): Promise<Claim | undefined> {
  const { session, clock } = gateway
  const { id, key, spec, policy, waitMs } = passing
  const ownClaim = session.newClaim(key, id)
  if (!(await acquire(session, ownClaim, spec, policy, { until: clock.now() + waitMs, signal }))) timedOut(key, waitMs)
  const { seen: claim } = ownClaim
  // the grant stands even if the claim can't be removed: its lease ends it
  if (claim && !isKept(passing)) await session.leave(ownClaim).catch(() => {})
  else {
    session.forget(ownClaim)
    if (claim) records.keep(ownClaim.id)
  }
  return claim
}

function isKept({ id, spec: { tag }, key: { kind } }: Passing): boolean {
  return id !== undefined && (tag === undefined || kind !== 'barrier')
}
