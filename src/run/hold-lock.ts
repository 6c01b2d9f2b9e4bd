/**
 * Runs a command under a lock that is held: the shared body of everything that wraps a command.
 *
 * The guard is there before the child and knows the fence deadline: the last proof that the lock is ours + lease − grace
 * − margin. All force comes from the guard; this function tells it when, and the lock is given back only after the child
 * has been seen to end.
 */

import type { Guard } from '../child/guard.js'
import type { HeldLock } from '../claims/lock.js'
import { SeraError } from '../errors.js'
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import { childEnvironment } from './child-environment.js'
import type { RunContext } from './context.js'
import { GuardedRun, type Job } from './guarded-run.js'

export interface RunnableLock extends HeldLock {
  /** The outcome of a run that still holds its lock, after what must be done before the release. Not called if the lock was lost. */
  conclude?(outcome: Outcome): Promise<Outcome>
  /** The outcome of a run that has released its lock, where the release has changed it. */
  afterRelease?(outcome: Outcome): Outcome
  /** How long it outlasts its last renewal, where that may be less than the lease of the settings. */
  readonly expiresInMs?: number
  /** Which of a semaphore's slots the command has. */
  readonly slot?: number | undefined
  /** The file that lists who was met at a rendezvous. */
  readonly match?: string
}

export async function holdLock(lock: RunnableLock, job: Job, host: Host, prepared?: Guard): Promise<Outcome> {
  const { outcome, endedAt, noticed } = await running(lock, job, host, prepared).catch(async error => {
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

/** Waits for the end of the command, and for all that must happen before the release. */
async function running(lock: RunnableLock, job: Job, host: Host, prepared?: Guard): Promise<Ended> {
  const heldSince = host.clock.now()
  const run = new GuardedRun(lock, job, host, prepared)
  const outcome = await run.outcome()
  const ended = { outcome, endedAt: host.clock.boot(), noticed: run.noticedLoss }
  if (outcome.kind === 'lost') return ended
  await run.holdOn(heldSince + job.holdAtLeastMs - host.clock.now())
  return { ...ended, outcome: (await lock.conclude?.(outcome)) ?? outcome }
}

/** Runs the command of this run under its lock, of which it learns by its environment. */
export async function runUnderLock(
  held: RunnableLock,
  { lock, marker }: { lock: string; marker: string },
  context: RunContext,
  prepared: Guard | undefined,
): Promise<Outcome> {
  const { command, options, settings, messages, host, report } = context
  const warn = (message: string) => messages.warn(message)
  if (held.token !== undefined) report.token = held.token
  const { token, slot, match } = held
  const facts = { lock, waitedMs: report.waitedMs ?? 0, token, slot, match, held: marker }
  const leaseMs = Math.min(settings.leaseMs, held.expiresInMs ?? Number.POSITIVE_INFINITY)
  const job = { ...options, ...settings, leaseMs, command, marker, env: childEnvironment(host.env, facts), warn }
  const grantedAt = host.clock.now()
  const outcome = await holdLock(held, job, host, prepared).catch(error => {
    throw asShown(error, context)
  })
  report.ranMs = Math.round(host.clock.now() - grantedAt)
  return held.afterRelease?.(outcome) ?? outcome
}

/** The message that a program cannot be started names it. If a whole line stands in its place, `mysql -psecret`, passwords are hidden. */
function asShown(error: unknown, { command, shown }: RunContext): unknown {
  const [typed = ''] = command
  const [seen = typed] = shown
  if (!(error instanceof SeraError) || error.kind !== 'not-started' || shown.length !== command.length) return error
  return new SeraError(
    error.kind,
    error.message.replaceAll(typed, () => seen),
    { cause: error.cause },
  )
}
