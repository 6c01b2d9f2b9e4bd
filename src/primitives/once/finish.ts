/** The step that records the end of a run. See `once.ts`. */

import type { Rule } from '../../claims/model.js'
import type { OwnClaim } from '../../claims/own-claim.js'
import type { Session } from '../../claims/session.js'
import { sleep } from '../../clock.js'
import { isRecorded, type PastRunRecord, withRun } from './run-record.js'

export type RunEnd = Omit<PastRunRecord, 'id' | 'finishedAt' | 'at'>

/** Records `end` for the claim that was granted with that token. */
export function finishing(end: RunEnd, token: number | undefined, keepMs: number): Rule {
  return (state, me) => {
    // an earlier try recorded it, but its answer was lost
    if (isRecorded(state.resource, me.id)) return { remove: [me.id] }
    if (me.state !== 'granted' || me.token !== token) return {}
    const run: PastRunRecord = { id: me.id, finishedAt: state.now, at: state.resource.version, ...end }
    return { remove: [me.id], resource: withRun(state, run, keepMs) }
  }
}

/** Pause after a failed try. The store has already retried within the try. */
const RETRY_MS = 250

/**
 * Records how the work under a granted claim has ended, and removes the claim. Retries until the claim's fence while the tables
 * cannot be reached.
 *
 * @returns false when the claim no longer exists; nothing is recorded then
 * @throws SeraError lock-failed, when it is unknown whether the run is recorded; the signal's reason
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
  ownClaim.letGo() // the work has ended: its signal must not abort any more
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
