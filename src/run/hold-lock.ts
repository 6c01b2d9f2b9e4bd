/**
 * Runs a command under a held lock: the shared body of all subcommands that wrap a command.
 *
 * 1. The guard runs before the child starts, and knows the fence: sending of the last confirmed renewal + lease − grace − margin.
 * 2. The guard applies all force, at the fence or on an order of this code.
 * 3. sera releases the lock only after it has seen the child end.
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
  /** Work before the release, while the lock is held; returns the final outcome. Not called if the lock was lost. */
  conclude?(outcome: Outcome): Promise<Outcome>
  /** Returns the outcome after the release, if the release changes it. */
  afterRelease?(outcome: Outcome): Outcome
  /** How long the lock outlives its last renewal, if that may be less than the lease of the settings. */
  readonly expiresInMs?: number
  /** The slot of the command at a semaphore. */
  readonly slot?: number | undefined
  /** The file with the participants of a rendezvous. */
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
  /** sera noticed the loss of the lock while the command ran. */
  noticed: boolean
}

/** Runs the command, then does the work that must precede the release. */
async function running(lock: RunnableLock, job: Job, host: Host, prepared?: Guard): Promise<Ended> {
  const heldSince = host.clock.now()
  const run = new GuardedRun(lock, job, host, prepared)
  const outcome = await run.outcome()
  const ended = { outcome, endedAt: host.clock.boot(), noticed: run.noticedLoss }
  if (outcome.kind === 'lost') return ended
  await run.holdOn(heldSince + job.holdAtLeastMs - host.clock.now())
  return { ...ended, outcome: (await lock.conclude?.(outcome)) ?? outcome }
}

/** Runs the command of this run under its lock. The environment of the command describes the lock. */
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

/** The error of a failed start names the program. If that is a whole line, `mysql -psecret`, its passwords are hidden. */
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
