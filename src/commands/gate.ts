/** `sera gate close|open|wait <name>` */

import type { Rule } from '../claims/model.js'
import type { RunOptions } from '../cli/args/options.js'
import { gateSummary } from '../cli/output/queue-summary.js'
import { gate as atGate, closing, opening, passing } from '../primitives/gate.js'
import type { Task } from '../run/context.js'
import { keyOf } from '../run/lock-request.js'
import { type WaitOnlyRequest, waitOnly } from '../run/wait-only.js'

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
  return context => waitOnly(stops[action ?? ''] as WaitOnlyRequest, context)
}
