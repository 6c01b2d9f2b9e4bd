/** `sera gate close|open|wait <name>` */
import type { RunOptions } from '../cli/args/options.js'
import { gateSummary } from '../cli/output/queue-summary.js'
import { closeRequest, OPEN_REQUEST, PASS_REQUEST } from '../primitives/gate.js'
import type { PrimitiveRequest } from '../primitives/primitive.js'
import type { Task } from '../run/context.js'
import { keyOf } from '../run/lock-request.js'
import { type WaitOnlyRequest, waitOnly } from '../run/wait-only.js'

export function gate(words: readonly string[], { forMs }: RunOptions): Task {
  const [action, name = ''] = words
  const requests: Record<string, WaitOnlyRequest> = {
    close: {
      ...atGate(name, closeRequest(forMs)),
      facts: () => ({ state: 'closed', forMs: Number.isFinite(forMs) ? forMs : null }),
      instant: true,
    },
    open: { ...atGate(name, OPEN_REQUEST), facts: () => ({ state: 'open' }), instant: true },
    wait: { ...atGate(name, PASS_REQUEST), facts: (_, waitedMs) => ({ state: 'open', waitedMs }) },
  }
  return context => waitOnly(requests[action ?? ''] as WaitOnlyRequest, context)
}

function atGate(name: string, request: PrimitiveRequest): WaitOnlyRequest {
  return { key: keyOf('gate', name), ...request, preposition: 'at', summary: gateSummary, text: () => '' }
}
