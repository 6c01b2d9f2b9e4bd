/** `sera semaphore <name> <delta>`: prints the new value. */
import { COUNTER } from '../primitives/counter.js'
import { checkDelta } from '../primitives/names.js'
import { type WaitOnlyRequest, waitOnly } from './alone.js'
import type { Task } from './call.js'
import { counterSummary } from './queue-news.js'
import { wholeNumber } from './run-options.js'
import { keyOf } from './stop.js'

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
  return (call, host, report) => waitOnly(request, call, host, report)
}
