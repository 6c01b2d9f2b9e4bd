/** `sera semaphore <name> <delta>`: prints the new value. */

import { wholeNumber } from '../cli/args/options.js'
import { counterSummary } from '../cli/output/queue-summary.js'
import { COUNTER } from '../primitives/counter.js'
import { checkDelta } from '../primitives/names.js'
import type { Task } from '../run/context.js'
import { keyOf } from '../run/lock-request.js'
import { type WaitOnlyRequest, waitOnly } from '../run/wait-only.js'

export function counter(words: readonly string[]): Task {
  const [name = '', delta = ''] = words
  const request: WaitOnlyRequest = {
    key: keyOf('counter', name),
    spec: { units: checkDelta(wholeNumber('<delta>', delta)) },
    policy: COUNTER,
    preposition: 'for',
    summary: counterSummary,
    text: claim => `${claim?.result}\n`,
    facts: claim => ({ value: Number(claim?.result) }),
  }
  return context => waitOnly(request, context)
}
