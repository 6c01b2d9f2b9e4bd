/** `sera gate close|open|wait <name>` */
import { gate as atGate, closing, opening, passing } from '../primitives/gate.js'
import type { Rule } from '../store/claims.js'
import { type AloneStop, alone } from './alone.js'
import type { Task } from './call.js'
import { gateNews } from './queue-news.js'
import type { RunOptions } from './run-options.js'
import { keyOf } from './stop.js'

export function gate(words: readonly string[], { closedForMs }: RunOptions): Task {
  const [action, name = ''] = words
  const key = keyOf('gate', name)
  const stop = (rule: Rule, facts: NonNullable<AloneStop['facts']>, instant = true): AloneStop => {
    return { key, ask: {}, waiting: atGate(rule), preposition: 'at', news: gateNews, text: () => '', facts, instant }
  }
  const stops: Record<string, AloneStop> = {
    close: stop(closing(closedForMs), () => ({
      state: 'closed',
      forMs: Number.isFinite(closedForMs) ? closedForMs : null,
    })),
    open: stop(opening, () => ({ state: 'open' })),
    wait: stop(passing, (_, waitedMs) => ({ state: 'open', waitedMs }), false),
  }
  return (call, host, report) => alone(stops[action ?? ''] as AloneStop, call, host, report)
}
