/** `sera history`: lists past runs. */
import type { RunOptions } from '../cli/args/options.js'
import { type Column, inColumns } from '../cli/output/columns.js'
import { sinceThen } from '../cli/output/progress-line.js'
import { SeraError } from '../errors.js'
import { checkCount } from '../primitives/names.js'
import type { Task } from '../run/context.js'
import { openRetryingClient } from '../run/open-session.js'
import { RECORDED } from '../status/recorded.js'
import { type HistoryEntry, type HistoryQuery, readHistory } from '../store/tables/history.js'

/** More would strain server and terminal. For more, use `--since` repeatedly, or SQL. */
const HIGHEST_LIMIT = 10_000

export function history(_: readonly string[], { name, since, outcome, limit }: RunOptions): Task {
  const query: HistoryQuery = {
    name,
    since,
    outcomes: outcome?.map(outcomeOf),
    limit: checkCount('--limit', limit, HIGHEST_LIMIT),
  }
  return async context => {
    const { host, options, messages } = context
    const client = openRetryingClient(context, ['sera', 'history'])
    try {
      const entries = await readHistory(client, query, { until: Number.POSITIVE_INFINITY })
      const { isTerminal, columns } = host.stdout
      const width = isTerminal ? columns : Number.POSITIVE_INFINITY
      host.stdout.write(options.json ? entries.map(line).join('') : historyText(entries, width))
      if (entries.length === 0) messages.news('no entries in the history match')
      return { kind: 'done' }
    } finally {
      client.close()
    }
  }
}

/** Every line has the same fields; a field that does not apply is null. */
function line(entry: HistoryEntry): string {
  return `${JSON.stringify(entry, (_, value) => value ?? null)}\n`
}

function outcomeOf(word: string): string {
  if (RECORDED.includes(word)) return word
  throw new SeraError('usage', `unknown --outcome ${JSON.stringify(word)}; use one of ${RECORDED.join(', ')}`)
}

/** The columns of the history for a person. */
const COLUMNS: readonly Column<HistoryEntry>[] = [
  { head: 'ENDED (UTC)', of: ({ releasedAt }) => releasedAt.slice(0, 19).replace('T', ' ') },
  {
    head: 'OUTCOME',
    of: ({ outcome, exitCode }) => (outcome === 'ran' && exitCode !== 0 ? `ran (${exitCode})` : outcome),
  },
  { head: 'WAITED', of: ({ waitedMs }) => duration(waitedMs), isNumber: true },
  { head: 'RAN', of: ({ ranMs }) => (ranMs === undefined ? '' : duration(ranMs)), isNumber: true },
  { head: 'HOST', of: ({ host }) => host, most: 12 },
  { head: 'LOCK', of: ({ kind, name }) => `${kind}/${isDigest(name) ? `${name.slice(0, 7)}…` : name}`, most: 20 },
  {
    head: 'COMMAND',
    of: ({ command, reason }) => (reason === undefined ? command : `${command} (reason: ${reason})`),
  },
]

/** '' without entries. Lines are cut to the width of a terminal, and elsewhere not at all. */
function historyText(entries: readonly HistoryEntry[], width: number): string {
  return entries.length === 0 ? '' : inColumns(COLUMNS, entries, width)
}

/** A lock without --name has a digest as its name; the command says more. */
function isDigest(name: string): boolean {
  return /^[0-9a-f]{32}$/.test(name)
}

/** Rounded to about three digits. */
function duration(ms: number): string {
  if (ms < 1000) return `${ms}ms`
  return ms < 120_000 ? `${(ms / 1000).toFixed(1)}s` : sinceThen(ms)
}
