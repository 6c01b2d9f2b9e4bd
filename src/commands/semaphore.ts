/** `sera semaphore <name> <permits> <wait> <command…>` */

import { type RunOptions, wholeNumber } from '../cli/args/options.js'
import { queueSummary } from '../cli/output/queue-summary.js'
import { checkCount } from '../primitives/names.js'
import { semaphore as atSemaphore } from '../primitives/semaphore.js'
import type { Task } from '../run/context.js'
import { keyOf } from '../run/lock-request.js'
import { type ResourceLock, resourceSource } from '../run/resource-lock.js'
import { runLocked } from '../run/run-locked.js'

export function semaphore(words: readonly string[], options: RunOptions): Task {
  const [name = '', number = ''] = words
  const permits = checkCount('<permits>', wholeNumber('<permits>', number))
  const units = checkCount('--units', options.units, permits)
  const request: ResourceLock = {
    key: keyOf('semaphore', name),
    spec: { units },
    policy: atSemaphore(permits),
    preposition: 'for',
    summary: queueSummary,
    share: String(units),
    endless: above => above.reduce((sum, share) => sum + Number(share), units) > permits,
  }
  return context => runLocked(resourceSource(request, context), context)
}
