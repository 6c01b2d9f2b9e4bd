/** Who has a mutex, for a person who waits for it: exactly where the engine keeps a queue, else as far as can be seen. */

import type { Holder, MutexEngine } from '../../claims/lock.js'
import type { Clock } from '../../clock.js'
import { type Summary, sinceThen } from './progress-line.js'
import { queueSummary } from './queue-summary.js'
import { describeHolder } from './report.js'

/** How long the holder of a GET_LOCK has had it is known only since it was first seen, hence the plus. */
export function holderSummary(
  mutex: Pick<MutexEngine, 'holder' | 'queue'>,
  clock: Pick<Clock, 'now'>,
): () => Promise<Summary | undefined> {
  let seen: Holder | undefined
  let seenAt = 0
  return async () => {
    const queue = await mutex.queue?.()
    if (queue) return queueSummary(queue.claims, queue.mine, clock.now())
    const holder = await mutex.holder()
    if (holder?.connection !== seen?.connection || holder?.pid !== seen?.pid) seenAt = clock.now()
    seen = holder
    const since = seenAt
    return holder && (now => `held for ${sinceThen(now - since)}+ by ${describeHolder(holder)}`)
  }
}
