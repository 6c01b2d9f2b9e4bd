/** `sera history`: what ran where, waited and held how long, ended how. */
import { SeraError } from '../errors.js'
import { checkCount } from '../primitives/names.js'
import { RECORDED } from '../status/recorded.js'
import { type HistoryEntry, type HistoryQuery, readHistory } from '../store/history.js'
import type { Task } from './call.js'
import { historyText } from './history-view.js'
import { sayNews } from './messages.js'
import type { RunOptions } from './run-options.js'
import { openRetryingClient } from './status/question.js'

/** What a server and a terminal bear at once; who wants more asks for it piece by piece, with `--since`, or in SQL. */
const HIGHEST_LIMIT = 10_000

export function history(_: readonly string[], { name, since, outcomes, limit }: RunOptions): Task {
  const query: HistoryQuery = {
    name,
    since,
    outcomes: outcomes?.map(outcomeOf),
    limit: checkCount('--limit', limit, HIGHEST_LIMIT),
  }
  return async (call, host) => {
    const client = openRetryingClient(call, host, ['sera', 'history'])
    try {
      const entries = await readHistory(client, query, { until: Number.POSITIVE_INFINITY })
      const { isTerminal, columns } = host.stdout
      const width = isTerminal ? columns : Number.POSITIVE_INFINITY
      host.stdout.write(call.options.json ? entries.map(line).join('') : historyText(entries, width))
      if (entries.length === 0) sayNews(host, call.voice, 'there are no such entries in the history')
      return { kind: 'done' }
    } finally {
      client.close()
    }
  }
}

/** Of the same fields always: what does not apply is null. */
function line(entry: HistoryEntry): string {
  return `${JSON.stringify(entry, (_, value) => value ?? null)}\n`
}

function outcomeOf(word: string): string {
  if (RECORDED.includes(word)) return word
  throw new SeraError('usage', `--outcome is ${JSON.stringify(word)}; it takes ${RECORDED.join(', ')}`)
}
