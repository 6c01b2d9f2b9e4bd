/** `sera barrier <name> <count>` */

import { type RunOptions, wholeNumber } from '../cli/args/options.js'
import { barrierSummary } from '../cli/output/queue-summary.js'
import { SeraError } from '../errors.js'
import { barrier as atBarrier } from '../primitives/barrier.js'
import { checkCount, checkName } from '../primitives/names.js'
import type { Task } from '../run/context.js'
import { keyOf } from '../run/lock-request.js'
import { type WaitOnlyRequest, waitOnly } from '../run/wait-only.js'

export function barrier(words: readonly string[], { tag, singleUse, keepMs }: RunOptions): Task {
  const [name = '', number = ''] = words
  const count = checkCount('<count>', wholeNumber('<count>', number))
  if (Number.isFinite(keepMs) && !singleUse) {
    throw new SeraError('usage', '--keep is for a barrier with --single-use, which it makes forget its one use')
  }
  const request: WaitOnlyRequest = {
    key: keyOf('barrier', name),
    spec: {
      ...(tag === undefined ? {} : { tag: checkName('tag', tag) }),
      ...(singleUse ? { mode: 'single-use' } : {}),
    },
    policy: atBarrier(count, keepMs),
    preposition: 'at',
    summary: barrierSummary(count),
    text: () => '',
    facts: (claim, waitedMs) => ({ generation: claim?.generation, waitedMs }),
  }
  return context => waitOnly(request, context)
}
