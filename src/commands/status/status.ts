/** `sera status [kind [name]]`: shows holders and waiters. */
import type { RunOptions } from '../../cli/args/options.js'
import { statusQueryOf } from '../../cli/args/status-query.js'
import { statusLines } from '../../cli/output/status-lines.js'
import { SeraError } from '../../errors.js'
import type { RunContext, Task } from '../../run/context.js'
import { openRetryingClient } from '../../run/open-session.js'
import { statusObject } from '../../status/json.js'
import { readStatus, type StatusQuery } from '../../status/read-status.js'

export function status(words: readonly string[], { watch, json }: RunOptions): Task {
  const question = statusQueryOf(words)
  return async context => {
    const { host } = context
    if (!watch) return await once(question, context)
    if (!json && !(host.stdout.isTerminal && host.stdin.isTerminal)) {
      throw new SeraError('usage', '--watch needs a terminal; use --watch --json to print one line for each change')
    }
    const { watchScreen, watchLines } = await import('./watch.js')
    const client = openRetryingClient(context, ['sera', 'status', '--watch'])
    try {
      return await (json ? watchLines : watchScreen)(client, question, host)
    } finally {
      client.close()
    }
  }
}

async function once(question: StatusQuery, context: RunContext) {
  const { host, options } = context
  const client = openRetryingClient(context, ['sera', 'status'])
  try {
    const statusView = await readStatus(client, question, { until: Number.POSITIVE_INFINITY })
    const lines = () => statusLines(statusView, question.name !== undefined, host.stdout, host.env).join('\n')
    host.stdout.write(`${options.json ? JSON.stringify(statusObject(statusView)) : lines()}\n`)
    return { kind: 'done' } as const
  } finally {
    client.close()
  }
}
