/** The history as a person reads it. */
import type { HistoryEntry } from '../store/history.js'
import { type Column, inColumns } from './text/columns.js'
import { sinceThen } from './waiting-line.js'

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

/** '' when there are none. On a terminal, lines are cut to its width; otherwise nothing is. */
export function historyText(entries: readonly HistoryEntry[], width: number): string {
  return entries.length === 0 ? '' : inColumns(COLUMNS, entries, width)
}

/** The name of a lock that nobody has named: the command says more. */
function isDigest(name: string): boolean {
  return /^[0-9a-f]{32}$/.test(name)
}

/** To three digits or so, as the rest is noise. */
function duration(ms: number): string {
  if (ms < 1000) return `${ms}ms`
  return ms < 120_000 ? `${(ms / 1000).toFixed(1)}s` : sinceThen(ms)
}
