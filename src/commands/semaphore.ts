/** `sera semaphore <name> <permits> <wait> <command…>` */
import { wholeNumber } from '../cli/args/flag.js'
import type { RunOptions } from '../cli/args/options.js'
import { queueSummary } from '../cli/output/queue-summary.js'
import { semaphoreRequest } from '../primitives/semaphore.js'
import type { Task } from '../run/context.js'
import { keyOf } from '../run/lock-request.js'
import { type ResourceLock, resourceSource } from '../run/resource-lock.js'
import { runLocked } from '../run/run-locked.js'

export function semaphore(words: readonly string[], options: RunOptions): Task {
  const [name = '', number = ''] = words
  const permits = wholeNumber('<permits>', number)
  const { units } = options
  const request: ResourceLock = {
    key: keyOf('semaphore', name),
    ...semaphoreRequest({ permits, units }, { permits: '<permits>', units: '--units' }),
    preposition: 'for',
    summary: queueSummary,
    share: String(units),
    endless: above => above.reduce((sum, share) => sum + Number(share), units) > permits,
  }
  return context => runLocked(resourceSource(request, context), context)
}
