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
import type { PrestartedGuard } from './guard-in-reserve.js'
import { GuardedRun, type Job } from './guarded-run.js'

export interface RunnableLock extends HeldLock {
  /** Makes of the run's end what there is to be made while the lock is held; not asked when the lock was lost. */
  conclude?(outcome: Outcome): Promise<Outcome>
}

export async function holdLock(lock: RunnableLock, job: Job, host: Host, reserve?: PrestartedGuard): Promise<Outcome> {
  const { outcome, endedAt, noticed } = await running(lock, job, host, reserve).catch(async error => {
    await lock.release()
    throw error
  })
  if (outcome.kind === 'lost' && !outcome.hadEnded) {
    lock.abandon()
    return outcome
  }
  const gone = await lock.release()
  const wasHeld = gone === undefined || lock.provenAt > endedAt
  if (wasHeld || outcome.kind !== 'ran') return outcome
  const hadEnded = `the command had ended with ${outcome.exitCode}, but the lock was lost by then: ${gone}`
  if (job.onLost !== 'ignore') return { kind: 'lost', reason: hadEnded, hadEnded: true }
  if (!noticed) job.warn(`${hadEnded}; its exit code counts, as --on-lost ignore says`)
  return outcome
}

interface Ended {
  outcome: Outcome
  /** When the command had ended, ms on the boot clock. */
  endedAt: number
  /** The lock was found to be lost while the command ran. */
  noticed: boolean
}

/** Sees the command to its end, and to whatever comes after it while the lock is held. */
async function running(lock: RunnableLock, job: Job, host: Host, reserve?: PrestartedGuard): Promise<Ended> {
  const heldSince = host.clock.now()
  const run = new GuardedRun(lock, job, host, reserve?.take())
  const outcome = await run.outcome()
  const ended = { outcome, endedAt: host.clock.boot(), noticed: run.noticedLoss }
  if (outcome.kind === 'lost') return ended
  await run.holdOn(heldSince + job.holdAtLeastMs - host.clock.now())
  return { ...ended, outcome: (await lock.conclude?.(outcome)) ?? outcome }
}
