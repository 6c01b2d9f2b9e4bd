/** `sera rwlock read|write <name> <wait> <command…>` */
import { queueSummary } from '../cli/output/queue-summary.js'
import { type Access, rwlockRequest } from '../primitives/rwlock.js'
import type { Task } from '../run/context.js'
import { keyOf } from '../run/lock-request.js'
import { type ResourceLock, resourceSource } from '../run/resource-lock.js'
import { runLocked } from '../run/run-locked.js'

export function rwlock(words: readonly string[]): Task {
  const [mode = '', name = ''] = words
  const request: ResourceLock = {
    key: keyOf('rwlock', name),
    ...rwlockRequest(mode as Access),
    preposition: 'for',
    summary: queueSummary,
    share: mode === 'read' ? 'read' : '',
    endless: above => endless(mode, above),
  }
  return context => runLocked(resourceSource(request, context), context)
}

/**
 * A reader shares the lock with a parent reader. But if a writer is queued in between, this reader waits for the writer,
 * and the writer waits for the parent: a deadlock.
 */
function endless(mode: string, above: readonly string[]): boolean | 'perhaps' {
  if (above.length === 0) return false
  return mode === 'read' && above.every(share => share === 'read') ? 'perhaps' : true
}
