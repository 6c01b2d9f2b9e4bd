/** `sera gate close|open|wait <name>` */
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import { gate as atGate, closing, opening, passing } from '../primitives/gate.js'
import { type AloneStop, alone } from './alone.js'
import type { Call } from './call.js'
import { gateNews } from './queue-news.js'
import type { Report } from './report.js'
import { keyOf } from './stop.js'

export function gate(words: readonly string[], call: Call, host: Host, report: Partial<Report>): Promise<Outcome> {
  const [action, name = ''] = words
  const stop = (rule: AloneStop['waiting']['rule'], facts: AloneStop['facts']): AloneStop => ({
    key: keyOf('gate', name),
    ask: {},
    waiting: atGate(rule),
    preposition: 'at',
    news: gateNews,
    text: () => '',
    facts,
  })
  const { closedForMs } = call.options
  switch (action) {
    case 'close': {
      const forMs = closedForMs === Number.POSITIVE_INFINITY ? null : closedForMs
      return alone(
        stop(closing(closedForMs), () => ({ state: 'closed', forMs })),
        call,
        host,
        report,
      )
    }
    case 'open':
      return alone(
        stop(opening, () => ({ state: 'open' })),
        call,
        host,
        report,
      )
    default:
      report.waitMs = call.waitMs
      return alone(
        stop(passing, () => ({ state: 'open', waitedMs: report.waitedMs })),
        call,
        host,
        report,
      )
  }
}
