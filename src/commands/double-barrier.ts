/**
 * `sera barrier <name> <count> <wait> <command…>`: all start together, and each sera stays until all commands have ended.
 *
 * The command's own failure is told before anything that happened while the others were waited for.
 */

import { stepUntilGranted } from '../claims/acquire.js'
import type { OwnClaim } from '../claims/own-claim.js'
import type { Session } from '../claims/session.js'
import { wholeNumber } from '../cli/args/flag.js'
import { shortened } from '../cli/output/progress-line.js'
import { departureSummary, doubleBarrierSummary } from '../cli/output/queue-summary.js'
import type { Report } from '../cli/output/report.js'
import type { Deadline } from '../deadline.js'
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import { doubleBarrierRequest, LEAVING } from '../primitives/double-barrier.js'
import { awaitGrant } from '../run/await-grant.js'
import type { Call, Task } from '../run/context.js'
import { GONE, HeldClaim } from '../run/held-claim.js'
import { keyOf, type LockRequest, lockSourceAt } from '../run/lock-request.js'
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
  return async (call, host, report) => {
    let party: HeldParty | undefined
    const hold = (session: Session, ownClaim: OwnClaim) => {
      party = new HeldParty(session, ownClaim, () => departure(request, session, ownClaim, call, host, report))
      return party
    }
    const left = (outcome: Outcome) => (outcome.kind === 'ran' && outcome.exitCode === 0 ? party?.departed : undefined)
    return await runLocked(
      { ...request, share: '', endless: above => above.length > 0, hold, outcomeAfterLeaving: left },
      call,
      host,
      report,
    )
  }
}

/** Waits for the others; how that ended, unless it ended well. */
async function departure(
  request: LockRequest,
  session: Session,
  ownClaim: OwnClaim,
  call: Call,
  host: Host,
  report: Partial<Report>,
): Promise<Outcome | undefined> {
  const story: Partial<Report> = {}
  const summary = departureSummary(ownClaim.seen?.generation)
  const grant = {
    ...lockSourceAt({ ...request, summary }, session, ownClaim),
    what: `for the others at barrier ${shortened(request.key.name)}`,
    acquire: async (wait: Deadline) => (await stepUntilGranted(session, ownClaim, {}, LEAVING, wait)) || undefined,
  }
  const leaving = { ...call, waitMs: call.options.leaveWaitMs }
  const result = await awaitGrant(grant, leaving, host, story).catch((error: Error) => {
    call.warn(`could not wait for the others to finish: ${error.message}`)
    return { taken: true }
  })
  if ('taken' in result) return undefined
  if (story.situation !== undefined) report.situation = story.situation
  return result.outcome
}

class HeldParty extends HeldClaim {
  departed: Outcome | undefined

  constructor(
    session: Session,
    ownClaim: OwnClaim,
    readonly depart: () => Promise<Outcome | undefined>,
  ) {
    super(session, ownClaim)
  }

  override async release(): Promise<string | undefined> {
    if (await this.#isGone()) return GONE
    this.departed = await this.depart()
    return await super.release()
  }

  /** To leave is a step that asks nothing of the claim, so this has to be asked before. False also when it can't be told. */
  async #isGone(): Promise<boolean> {
    const { store, farewell } = this.session
    const alive = await store.renew([this.ownClaim.id], farewell).catch(() => undefined)
    return alive?.has(this.ownClaim.id) === false
  }
}
