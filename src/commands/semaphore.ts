/** `sera semaphore <name> <permits> <wait> <command…>` */
import { checkCount } from '../primitives/names.js'
import { semaphore as atSemaphore } from '../primitives/semaphore.js'
import type { Task } from './call.js'
import { queueSummary } from './queue-news.js'
import { type RunOptions, wholeNumber } from './run-options.js'
import { keyOf } from './stop.js'
import { type RunLockedRequest, runLocked } from './wrapped.js'

export function semaphore(words: readonly string[], options: RunOptions): Task {
  const [name = '', number = ''] = words
  const permits = checkCount('<permits>', wholeNumber('<permits>', number))
  const units = checkCount('--units', options.units, permits)
  const request: RunLockedRequest = {
    key: keyOf('semaphore', name),
    spec: { units },
    policy: atSemaphore(permits),
    preposition: 'for',
    summary: queueSummary,
    share: String(units),
    endless: above => above.reduce((sum, share) => sum + Number(share), units) > permits,
  }
  return (call, host, report) => runLocked(request, call, host, report)
}
