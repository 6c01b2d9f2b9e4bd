/**
 * What is over with its grant: to arrive, to meet, to add, to pass. The client stays connected while it waits, and
 * its claim is this gateway's: when it hangs up, the claim goes, and counts for nobody any more.
 *
 * With a client's own id (`Idempotency-Key`), the claim that was granted stays for half a lease at least as the
 * record of what was done (`records.ts`), and nobody renews it. Asking again within that time, at any gateway, is
 * told of it and does nothing.
 *
 * Not so where somebody has arrived with a tag: the next to arrive with that tag would take the record for its own
 * arrival.
 */
import { timedOut } from '../../primitives/primitive.js'
import { takeTurn } from '../../primitives/turn.js'
import type { Claim } from '../../store/claims.js'
import { clientProcess } from '../../store/client-claim.js'
import type { Wanted } from './client-claims.js'
import type { Desk } from './desk.js'

export type Passing = Pick<Wanted, 'key' | 'ask' | 'waiting' | 'waitMs'> & { id: string | undefined }

/** @returns what was granted; undefined where it leaves no claim @throws SeraError timed-out, conflict, lock-failed */
export function pass(desk: Desk, passing: Passing, signal: AbortSignal): Promise<Claim | undefined> {
  const { id } = passing
  if (id === undefined) return through(desk, passing, signal)
  return desk.turns.take(id, signal, async one => {
    const known = await desk.claims.known({ ...passing, id })
    if (known?.state === 'granted') return known
    const claim = await through(desk, { ...passing, ask: { ...passing.ask, processId: clientProcess(id) } }, one)
    return claim && isKept(passing) ? await desk.claims.read(id) : claim
  })
}

async function through({ gateway, records }: Desk, passing: Passing, signal: AbortSignal): Promise<Claim | undefined> {
  const { participant, clock } = gateway
  const { id, key, ask, waiting, waitMs } = passing
  const place = participant.place(key, id)
  if (!(await takeTurn(participant, place, ask, waiting, { until: clock.now() + waitMs, signal })))
    timedOut(key, waitMs)
  const { claim } = place
  // who has passed has passed, whether or not the server can be told; the claim's lease ends it too
  if (claim && !isKept(passing)) await participant.leave(place).catch(() => {})
  else {
    participant.forget(place)
    if (claim) records.keep(place.id)
  }
  return claim
}

function isKept({ id, ask: { tag }, key: { kind } }: Passing): boolean {
  return id !== undefined && (tag === undefined || kind !== 'barrier')
}
