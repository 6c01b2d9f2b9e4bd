/**
 * `sera barrier <name> <count> <wait> <command…>`: all commands start together, and each sera stays until all have ended.
 *
 * If the command failed, its exit code is the outcome, however the wait for the other participants ends.
 */
import { stepUntilGranted } from '../claims/acquire.js'
import type { OwnClaim } from '../claims/own-claim.js'
import type { Session } from '../claims/session.js'
import { wholeNumber } from '../cli/args/flag.js'
import { shortened } from '../cli/output/progress-line.js'
import { departureSummary, doubleBarrierSummary } from '../cli/output/queue-summary.js'
import type { Report } from '../cli/output/report.js'
import type { Deadline } from '../deadline.js'
import type { Outcome } from '../outcome.js'
import { doubleBarrierRequest, LEAVING } from '../primitives/double-barrier.js'
import { awaitGrant } from '../run/await-grant.js'
import type { RunContext, Task } from '../run/context.js'
import { GONE, HeldClaim } from '../run/held-claim.js'
import { grantSourceAt, keyOf, type LockRequest } from '../run/lock-request.js'
import { resourceSource } from '../run/resource-lock.js'
import { runLocked } from '../run/run-locked.js'

export function doubleBarrier(words: readonly string[]): Task {
  const [name = '', number = ''] = words
  const count = wholeNumber('<count>', number)
  const request: LockRequest = {
    key: keyOf('double-barrier', name),
    ...doubleBarrierRequest(count, '<count>'),
    preposition: 'at',
    summary: doubleBarrierSummary(count),
  }
  return context => {
    const hold = (session: Session, ownClaim: OwnClaim) =>
      new HeldParty(session, ownClaim, () => departure(request, session, ownClaim, context))
    return runLocked(resourceSource({ ...request, hold }, context), context)
  }
}

/** Waits until the other participants have finished. Returns an outcome only if that wait failed. */
async function departure(
  request: LockRequest,
  session: Session,
  ownClaim: OwnClaim,
  context: RunContext,
): Promise<Outcome | undefined> {
  const waitReport: Partial<Report> = {}
  const summary = departureSummary(ownClaim.seen?.generation)
  const grant = {
    ...grantSourceAt({ ...request, summary }, session, ownClaim),
    what: `for the others at barrier ${shortened(request.key.name)}`,
    acquire: async (wait: Deadline) =>
      (await stepUntilGranted(session, ownClaim, {}, LEAVING, wait)) ? ownClaim : undefined,
  }
  const leaving = { ...context, waitMs: context.options.leaveWaitMs, report: waitReport }
  const result = await awaitGrant(grant, leaving).catch((error: Error) => {
    context.messages.warn(`could not wait for the others to finish: ${error.message}`)
    return ownClaim
  })
  if (!('outcome' in result)) return undefined
  if (waitReport.situation !== undefined) context.report.situation = waitReport.situation
  return result.outcome
}

class HeldParty extends HeldClaim {
  #departed: Outcome | undefined

  constructor(
    session: Session,
    ownClaim: OwnClaim,
    readonly depart: () => Promise<Outcome | undefined>,
  ) {
    super(session, ownClaim)
  }

  override async release(): Promise<string | undefined> {
    if (await this.#isGone()) return GONE
    this.#departed = await this.depart()
    return await super.release()
  }

  afterRelease(outcome: Outcome): Outcome {
    return (outcome.kind === 'ran' && outcome.exitCode === 0 && this.#departed) || outcome
  }

  /** The step that leaves does not notice a missing claim, so it is checked before. False also if the store cannot be asked. */
  async #isGone(): Promise<boolean> {
    const { store, farewell } = this.session
    const alive = await store.renew([this.ownClaim.id], farewell).catch(() => undefined)
    return alive?.has(this.ownClaim.id) === false
  }
}
