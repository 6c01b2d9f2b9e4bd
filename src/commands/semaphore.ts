/** `sera semaphore <name> <permits> <wait> <command…>` */
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import { checkCount } from '../primitives/names.js'
import { semaphore as atSemaphore } from '../primitives/semaphore.js'
import type { Call } from './call.js'
import { queueNews } from './queue-news.js'
import type { Report } from './report.js'
import { wholeNumber } from './run-options.js'
import { keyOf } from './stop.js'
import { wrapped } from './wrapped.js'

export function semaphore(words: readonly string[], call: Call, host: Host, report: Partial<Report>): Promise<Outcome> {
  const [name = '', number = ''] = words
  const permits = checkCount('<permits>', wholeNumber('<permits>', number))
  const units = checkCount('--units', call.options.units, permits)
  const stop = {
    key: keyOf('semaphore', name),
    ask: { units },
    waiting: atSemaphore(permits),
    preposition: 'for' as const,
    news: queueNews,
    share: String(units),
    endless: (above: readonly string[]) => above.reduce((sum, share) => sum + Number(share), units) > permits,
  }
  return wrapped(stop, call, host, report)
}
