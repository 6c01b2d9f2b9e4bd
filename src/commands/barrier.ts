/** `sera barrier <name> <count>` */
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import { barrier as atBarrier } from '../primitives/barrier.js'
import { checkCount, checkName } from '../primitives/names.js'
import { type AloneStop, alone } from './alone.js'
import type { Call } from './call.js'
import { arrivalNews } from './queue-news.js'
import type { Report } from './report.js'
import { wholeNumber } from './run-options.js'
import { keyOf } from './stop.js'

export function barrier(words: readonly string[], call: Call, host: Host, report: Partial<Report>): Promise<Outcome> {
  const [name = '', number = ''] = words
  const { tag, singleUse } = call.options
  const count = checkCount('<count>', wholeNumber('<count>', number))
  report.waitMs = call.waitMs
  const stop: AloneStop = {
    key: keyOf('barrier', name),
    ask: {
      ...(tag === undefined ? {} : { tag: checkName('tag', tag) }),
      ...(singleUse ? { mode: 'single-use' } : {}),
    },
    waiting: atBarrier(count),
    preposition: 'at',
    news: arrivalNews(count),
    text: () => '',
    facts: claim => ({ generation: claim?.generation, waitedMs: report.waitedMs }),
  }
  return alone(stop, call, host, report)
}
