/** `sera once <key> <wait> <command…>`: runs the command, or takes over the outcome of an earlier run for the key. */
import type { OwnClaim } from '../claims/own-claim.js'
import type { Session } from '../claims/session.js'
import type { RunOptions } from '../cli/args/options.js'
import { queueSummary } from '../cli/output/queue-summary.js'
import { exitCodeOf, type Outcome } from '../outcome.js'
import { finish } from '../primitives/once/finish.js'
import { onceRequest, takenOver } from '../primitives/once/once.js'
import { describeRun } from '../primitives/once/run-record.js'
import type { WithoutRun } from '../run/await-grant.js'
import type { RunContext, Task } from '../run/context.js'
import { HeldClaim, leaveQuietly } from '../run/held-claim.js'
import type { RunnableLock } from '../run/hold-lock.js'
import { keyOf, type LockRequest } from '../run/lock-request.js'
import { resourceSource } from '../run/resource-lock.js'
import { runLocked } from '../run/run-locked.js'

export function once(words: readonly string[], { perMs, keepMs }: RunOptions): Task {
  const [key = ''] = words
  const request: LockRequest = {
    key: keyOf('once', key),
    ...onceRequest(perMs, keepMs),
    preposition: 'for',
    summary: queueSummary,
  }
  return context => {
    const hold = (session: Session, ownClaim: OwnClaim) => runOrTakeOver(session, ownClaim, context)
    return runLocked(resourceSource({ ...request, hold }, context), context)
  }
}

async function runOrTakeOver(
  session: Session,
  ownClaim: OwnClaim,
  context: RunContext,
): Promise<RunnableLock | WithoutRun> {
  const other = takenOver(ownClaim)
  if (!other) return new HeldRun(session, ownClaim, context)
  await leaveQuietly(session, ownClaim)
  const reason = describeRun(other.run, other.now)
  return { outcome: { kind: 'taken-over', exitCode: other.run.exitCode, reason } }
}

/** A claim that records the exit code of its command at the key. */
class HeldRun extends HeldClaim {
  /** Aborts when a signal stops sera, with the signal as its reason. */
  readonly #stopped = new AbortController()
  readonly #stopListening: () => void

  constructor(
    session: Session,
    ownClaim: OwnClaim,
    readonly context: RunContext,
  ) {
    super(session, ownClaim)
    this.#stopListening = context.host.onSignal(signal => signal.startsWith('SIGUSR') || this.#stopped.abort(signal))
  }

  /** Other runs take over only the exit code of a command that ended by itself. */
  async conclude(outcome: Outcome): Promise<Outcome> {
    const { signal } = this.#stopped
    if (signal.aborted) {
      this.context.messages.news(`stopped by ${signal.reason}; this run does not count`)
      return outcome
    }
    const exitCode = exitCodeOf(outcome)
    const hadEnded = `the command had ended with ${exitCode}`
    try {
      if (await finish(this.session, this.ownClaim, { exitCode }, this.context.options.keepMs, signal)) return outcome
      return unrecorded(
        `${hadEnded}, but the lock was lost by then; the run is not recorded, and others may run it again`,
      )
    } catch (error) {
      const why = signal.aborted ? `stopped by ${signal.reason}` : (error as Error).message
      return unrecorded(`${hadEnded}, but sera does not know if it is recorded: ${why}; if not, others run it again`)
    }
  }

  override async release(): Promise<string | undefined> {
    this.#stopListening()
    return await super.release()
  }

  override abandon(): void {
    this.#stopListening()
    super.abandon()
  }
}

function unrecorded(reason: string): Outcome {
  return { kind: 'lost', reason, hadEnded: true }
}
