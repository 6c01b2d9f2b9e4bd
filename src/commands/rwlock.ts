/** `sera rwlock read|write <name> <wait> <command…>` */
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import { RWLOCK } from '../primitives/rwlock.js'
import type { Call } from './call.js'
import { queueNews } from './queue-news.js'
import type { Report } from './report.js'
import { keyOf } from './stop.js'
import { wrapped } from './wrapped.js'

export function rwlock(words: readonly string[], call: Call, host: Host, report: Partial<Report>): Promise<Outcome> {
  const [mode = '', name = ''] = words
  const stop = {
    key: keyOf('rwlock', name),
    ask: { mode },
    waiting: RWLOCK,
    preposition: 'for' as const,
    news: queueNews,
  }
  return wrapped(
    { ...stop, share: mode === 'read' ? 'read' : '', endless: above => endless(mode, above) },
    call,
    host,
    report,
  )
}

/**
 * A reader goes along with a reader above it, but for a writer between them: it waits for the one above, and the reader here would
 * wait for it.
 */
function endless(mode: string, above: readonly string[]): boolean | 'perhaps' {
  if (above.length === 0) return false
  return mode === 'read' && above.every(share => share === 'read') ? 'perhaps' : true
}
