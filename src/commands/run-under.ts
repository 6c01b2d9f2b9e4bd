/** The command under its lock: what it learns of it, and what the report learns of the run. */
import { SeraError } from '../errors.js'
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import type { Call } from './call.js'
import { childEnvironment } from './child-environment.js'
import type { PrestartedGuard } from './guard-in-reserve.js'
import { holdLock, type RunnableLock } from './hold.js'
import type { Report } from './report.js'

export interface LockNames {
  /** As the command gets it. */
  lock: string
  /** This run's entry in SERA_HELD. */
  marker: string
  /** At a semaphore. */
  slot?: number | undefined
  /** At a rendezvous. */
  match?: string | undefined
}

export async function runUnderLock(
  held: RunnableLock,
  { lock, marker, slot, match }: LockNames,
  call: Call,
  host: Host,
  report: Partial<Report>,
  reserve?: PrestartedGuard,
): Promise<Outcome> {
  const { command, options, settings, warn } = call
  if (held.token !== undefined) report.token = held.token
  const facts = { lock, waitedMs: report.waitedMs ?? 0, token: held.token, slot, match, held: marker }
  const job = { ...options, ...settings, command, marker, env: childEnvironment(host.env, facts), warn }
  const grantedAt = host.clock.now()
  const outcome = await holdLock(held, job, host, reserve).catch(error => {
    throw asShown(error, call)
  })
  report.ranMs = Math.round(host.clock.now() - grantedAt)
  return outcome
}

/** A whole line in place of the program, `mysql -psecret`, stands in the message that it cannot be started. */
function asShown(error: unknown, { command, shown }: Call): unknown {
  const [typed = ''] = command
  const [seen = typed] = shown
  if (!(error instanceof SeraError) || error.kind !== 'not-started' || shown.length !== command.length) return error
  return new SeraError(
    error.kind,
    error.message.replaceAll(typed, () => seen),
    { cause: error.cause },
  )
}
