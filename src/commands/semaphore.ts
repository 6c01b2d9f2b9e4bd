/** `sera semaphore <name> <permits> <wait> <command…>` */
import { checkCount } from '../primitives/names.js'
import { semaphore as atSemaphore } from '../primitives/semaphore.js'
import type { Task } from './call.js'
import { queueNews } from './queue-news.js'
import { type RunOptions, wholeNumber } from './run-options.js'
import { keyOf } from './stop.js'
import { type WrappedStop, wrapped } from './wrapped.js'

export function semaphore(words: readonly string[], options: RunOptions): Task {
  const [name = '', number = ''] = words
  const permits = checkCount('<permits>', wholeNumber('<permits>', number))
  const units = checkCount('--units', options.units, permits)
  const stop: WrappedStop = {
    key: keyOf('semaphore', name),
    ask: { units },
    waiting: atSemaphore(permits),
    preposition: 'for',
    news: queueNews,
    share: String(units),
    endless: above => above.reduce((sum, share) => sum + Number(share), units) > permits,
  }
  return (call, host, report) => wrapped(stop, call, host, report)
}
