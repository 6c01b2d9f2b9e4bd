/** `sera status [--watch] [--json] [kind [name]]`: who holds what, and who waits for it. */
import { SeraError } from '../errors.js'
import type { Host } from '../host.js'
import { statusObject } from '../status/json.js'
import { type Question, take } from '../status/survey.js'
import type { Call, Task } from './call.js'
import type { RunOptions } from './run-options.js'
import { openCalls, questionOf } from './status/question.js'
import { drawn } from './status/view.js'

export function status(words: readonly string[], { watch, json }: RunOptions): Task {
  const question = questionOf(words)
  return async (call, host) => {
    if (!watch) return await once(question, call, host)
    if (!json && !(host.stdout.isTerminal && host.stdin.isTerminal)) {
      throw new SeraError('usage', '--watch draws on a terminal; for a program, --watch --json prints a line a change')
    }
    const { watchScreen, watchLines } = await import('./status/watch.js')
    const calls = openCalls(call, host, ['sera', 'status', '--watch'])
    try {
      return await (json ? watchLines : watchScreen)(calls, question, host)
    } finally {
      calls.close()
    }
  }
}

async function once(question: Question, call: Call, host: Host) {
  const calls = openCalls(call, host, ['sera', 'status'])
  try {
    const picture = await take(calls, question, { until: Number.POSITIVE_INFINITY })
    const lines = () => drawn(picture, question.name !== undefined, host.stdout, host.env).join('\n')
    host.stdout.write(`${call.options.json ? JSON.stringify(statusObject(picture)) : lines()}\n`)
    return { kind: 'done' } as const
  } finally {
    calls.close()
  }
}
