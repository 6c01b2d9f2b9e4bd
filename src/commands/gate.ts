/** `sera gate close|open|wait <name>` */
import { gate as atGate, closing, opening, passing } from '../primitives/gate.js'
import type { Rule } from '../store/claims.js'
import { type WaitOnlyRequest, waitOnly } from './alone.js'
import type { Task } from './call.js'
import { gateSummary } from './queue-news.js'
import type { RunOptions } from './run-options.js'
import { keyOf } from './stop.js'

export function gate(words: readonly string[], { closedForMs }: RunOptions): Task {
  const [action, name = ''] = words
  const key = keyOf('gate', name)
  const request = (rule: Rule, facts: NonNullable<WaitOnlyRequest['facts']>, instant = true): WaitOnlyRequest => {
    return {
      key,
      spec: {},
      policy: atGate(rule),
      preposition: 'at',
      summary: gateSummary,
      text: () => '',
      facts,
      instant,
    }
  }
  const stops: Record<string, WaitOnlyRequest> = {
    close: request(closing(closedForMs), () => ({
      state: 'closed',
      forMs: Number.isFinite(closedForMs) ? closedForMs : null,
    })),
    open: request(opening, () => ({ state: 'open' })),
    wait: request(passing, (_, waitedMs) => ({ state: 'open', waitedMs }), false),
  }
  return (call, host, report) => waitOnly(stops[action ?? ''] as WaitOnlyRequest, call, host, report)
}
