/** `sera semaphore <name> <delta>`: prints the new value. */
import { wholeNumber } from '../cli/args/flag.js'
import { counterSummary } from '../cli/output/queue-summary.js'
import { counterRequest } from '../primitives/counter.js'
import type { Task } from '../run/context.js'
import { keyOf } from '../run/lock-request.js'
import { type WaitOnlyRequest, waitOnly } from '../run/wait-only.js'

export function counter(words: readonly string[]): Task {
  const [name = '', delta = ''] = words
  const request: WaitOnlyRequest = {
    key: keyOf('counter', name),
    ...counterRequest(wholeNumber('<delta>', delta)),
    preposition: 'for',
    summary: counterSummary,
    text: claim => `${claim?.result}\n`,
    facts: claim => ({ value: Number(claim?.result) }),
  }
  return context => waitOnly(request, context)
}
