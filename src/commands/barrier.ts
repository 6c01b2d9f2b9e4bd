/** `sera barrier <name> <count>` */
import { wholeNumber } from '../cli/args/flag.js'
import type { RunOptions } from '../cli/args/options.js'
import { barrierSummary } from '../cli/output/queue-summary.js'
import { SeraError } from '../errors.js'
import { barrierRequest } from '../primitives/barrier.js'
import type { Task } from '../run/context.js'
import { keyOf } from '../run/lock-request.js'
import { type WaitOnlyRequest, waitOnly } from '../run/wait-only.js'

export function barrier(words: readonly string[], { tag, singleUse, keepMs }: RunOptions): Task {
  const [name = '', number = ''] = words
  const count = wholeNumber('<count>', number)
  if (Number.isFinite(keepMs) && !singleUse) {
    throw new SeraError('usage', '--keep needs --single-use: it says when the barrier forgets its one use')
  }
  const request: WaitOnlyRequest = {
    key: keyOf('barrier', name),
    ...barrierRequest({ count, tag, singleUse, keepMs }, '<count>'),
    preposition: 'at',
    summary: barrierSummary(count),
    text: () => '',
    facts: (claim, waitedMs) => ({ generation: claim?.generation, waitedMs }),
  }
  return context => waitOnly(request, context)
}
