/**
 * Runs a command under a lock that is held: the shared body of everything that wraps a command.
 *
 * The guard is there before the child and knows the fence deadline: the last proof that the lock is ours + lease − grace
 * − margin. All force comes from the guard; this function tells it when, and the lock is given back only after the child
 * has been seen to end.
 */
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import type { HeldLock } from '../store/port.js'
import type { GuardInReserve } from './guard-in-reserve.js'
import { GuardedRun, type Job } from './guarded-run.js'

export interface LockToRunUnder extends HeldLock {
  /** Makes of the run's end what there is to be made while the lock is held; not asked when the lock was lost. */
  conclude?(outcome: Outcome): Promise<Outcome>
}

export async function hold(lock: LockToRunUnder, job: Job, host: Host, reserve?: GuardInReserve): Promise<Outcome> {
  const heldSince = host.clock.now()
  let lost = false
  try {
    const run = new GuardedRun(lock, job, host, reserve?.take())
    const outcome = await run.outcome()
    lost = outcome.kind === 'lost'
    if (lost) return outcome
    await run.holdOn(heldSince + job.holdAtLeastMs - host.clock.now())
    return (await lock.conclude?.(outcome)) ?? outcome
  } finally {
    if (lost) lock.abandon()
    else await lock.release()
  }
}
