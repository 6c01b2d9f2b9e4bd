/** `sera status [--watch] [--json] [kind [name]]`: who holds what, and who waits for it. */
import { SeraError } from '../errors.js'
import type { Host } from '../host.js'
import { statusObject } from '../status/json.js'
import { readStatus, type StatusQuery } from '../status/survey.js'
import type { Call, Task } from './call.js'
import type { RunOptions } from './run-options.js'
import { openRetryingClient, statusQueryOf } from './status/question.js'
import { drawn } from './status/view.js'

export function status(words: readonly string[], { watch, json }: RunOptions): Task {
  const question = statusQueryOf(words)
  return async (call, host) => {
    if (!watch) return await once(question, call, host)
    if (!json && !(host.stdout.isTerminal && host.stdin.isTerminal)) {
      throw new SeraError('usage', '--watch draws on a terminal; for a program, --watch --json prints a line a change')
    }
    const { watchScreen, watchLines } = await import('./status/watch.js')
    const client = openRetryingClient(call, host, ['sera', 'status', '--watch'])
    try {
      return await (json ? watchLines : watchScreen)(client, question, host)
    } finally {
      client.close()
    }
  }
}

async function once(question: StatusQuery, call: Call, host: Host) {
  const client = openRetryingClient(call, host, ['sera', 'status'])
  try {
    const statusView = await readStatus(client, question, { until: Number.POSITIVE_INFINITY })
    const lines = () => drawn(statusView, question.name !== undefined, host.stdout, host.env).join('\n')
    host.stdout.write(`${call.options.json ? JSON.stringify(statusObject(statusView)) : lines()}\n`)
    return { kind: 'done' } as const
  } finally {
    client.close()
  }
}
