/** The end of a run that is done once: the step that records it. See `once.ts`. */

import type { Rule } from '../../claims/model.js'
import type { OwnClaim } from '../../claims/own-claim.js'
import type { Session } from '../../claims/session.js'
import { sleep } from '../../clock.js'
import { isRecorded, type PastRunRecord, withRun } from './run-record.js'

export type RunEnd = Omit<PastRunRecord, 'id' | 'finishedAt' | 'at'>

/** For a claim that was granted with that token: the run has ended like this. */
export function finishing(end: RunEnd, token: number | undefined, keepMs: number): Rule {
  return (state, me) => {
    // by an earlier try, whose answer got lost
    if (isRecorded(state.resource, me.id)) return { remove: [me.id] }
    if (me.state !== 'granted' || me.token !== token) return {}
    const run: PastRunRecord = { id: me.id, finishedAt: state.now, at: state.resource.version, ...end }
    return { remove: [me.id], resource: withRun(state, run, keepMs) }
  }
}

/** Between tries, each of which has gone on for as long as the store has patience. */
const RETRY_MS = 250

/**
 * Records how the work under a granted claim has ended, and gives the claim back. While the tables can't be reached it tries on,
 * as long as nobody else can have the claim.
 *
 * @returns false when the claim had gone before: then nothing is recorded
 * @throws SeraError lock-failed, when it is not known whether it is recorded; the signal's reason
 */
export async function finish(
  session: Session,
  ownClaim: OwnClaim,
  end: Pick<PastRunRecord, 'exitCode' | 'value' | 'message'>,
  keepMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const { clock, store } = session
  const { result, token } = ownClaim.seen ?? {}
  const rule = finishing({ ...end, ...store.owner, startedAt: Number(result) }, token, keepMs)
  ownClaim.letGo() // the work is over: its signal need not abort any more
  ownClaim.watcher = undefined
  for (;;) {
    const until = clock.now() + ownClaim.fence - clock.boot()
    try {
      return (await session.step(ownClaim, {}, rule, { join: false, read: 'all', until, signal })).admitted
    } catch (error) {
      if (signal?.aborted || clock.boot() >= ownClaim.fence) throw error
      await sleep(clock, RETRY_MS, signal)
    }
  }
}
