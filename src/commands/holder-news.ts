/** Who has a GET_LOCK, for a person who waits for it. */
import type { Clock } from '../clock.js'
import type { Holder, Mutex } from '../store/port.js'
import { describeHolder } from './report.js'
import { type News, sinceThen } from './waiting-line.js'

/** How long the holder has had the lock is known only since it was first seen, hence the plus. */
export function holderNews(mutex: Pick<Mutex, 'holder'>, clock: Pick<Clock, 'now'>): () => Promise<News | undefined> {
  let seen: Holder | undefined
  let seenAt = 0
  return async () => {
    const holder = await mutex.holder()
    if (holder?.connection !== seen?.connection || holder?.pid !== seen?.pid) seenAt = clock.now()
    seen = holder
    const since = seenAt
    return holder && (now => `held for ${sinceThen(now - since)}+ by ${describeHolder(holder)}`)
  }
}
