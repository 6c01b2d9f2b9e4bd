/**
 * Writes the outcome of a run to the history. This is the last step, after the release, so it delays no waiter. It takes
 * at most half a second, and its failure changes nothing.
 */
import type { ResourceKey } from '../claims/model.js'
import { within } from '../clock.js'
import { exitCodeOf, type Outcome } from '../outcome.js'
import { IS_RECORDED } from '../status/recorded.js'
import { writeHistory } from '../store/tables/history.js'
import type { LockTables } from '../store/tables/lock-tables.js'
import type { RunContext } from './context.js'

const LIMIT_MS = 500

export async function recordHistory(
  tables: LockTables,
  key: ResourceKey,
  outcome: Outcome,
  { host, settings, options, messages, report }: RunContext,
): Promise<void> {
  const { history } = settings
  if (!history || !IS_RECORDED[outcome.kind]) return
  const { waitedMs = 0, ranMs, token } = report
  const exitCode = exitCodeOf(outcome, { ...settings, ...options })
  const reason = outcome.kind === 'broke' ? outcome.reason : undefined
  const entry = { key, token, outcome: outcome.kind, exitCode, waitedMs, ranMs, reason }
  const deadline = { until: host.clock.now() + LIMIT_MS }
  try {
    await within(host.clock, LIMIT_MS, writeHistory(tables, entry, history.keepMs, deadline))
  } catch (error) {
    messages.note(`cannot write to the history: ${(error as Error).message}`)
  }
}
