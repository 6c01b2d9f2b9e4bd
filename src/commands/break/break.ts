/** `sera break <kind> <name>`: shows claims, asks, and removes them. */
import type { RunOptions } from '../../cli/args/options.js'
import { statusQueryOf } from '../../cli/args/status-query.js'
import { checkAskable, confirm } from '../../cli/output/confirm.js'
import { statusLines } from '../../cli/output/status-lines.js'
import { harmless } from '../../cli/output/width.js'
import { SeraError } from '../../errors.js'
import type { Host } from '../../host.js'
import type { Outcome } from '../../outcome.js'
import type { RunContext, Task } from '../../run/context.js'
import { lockOf } from '../../run/lock-request.js'
import { openRetryingClient, openTables } from '../../run/open-session.js'
import { recordHistory } from '../../run/record-history.js'
import { formatLength, whoIs } from '../../status/claim-text.js'
import { whatRuns } from '../../status/format.js'
import { claimObject } from '../../status/json.js'
import { readStatus, type StatusQuery } from '../../status/read-status.js'
import type { StatusView } from '../../status/resource-view.js'
import { killHolder } from '../../store/get-lock/kill-holder.js'
import { breakClaims, forgetRecord, removeClaims } from '../../store/tables/break-claims.js'
import type { RetryingClient } from '../../store/tables/retrying-client.js'
import { firstHolder, type Selection, select } from './selection.js'

type BreakTarget = Required<{ [Key in keyof StatusQuery]: NonNullable<StatusQuery[Key]> }>

export function breakClaim(words: readonly string[], { ticket, all, yes }: RunOptions): Task {
  const target = statusQueryOf(words) as BreakTarget
  refuseUnheld(target)
  if (ticket !== undefined && all) throw new SeraError('usage', '--ticket and --all exclude each other; give one')
  return async context => {
    const { host, report } = context
    if (!yes) checkAskable(host)
    const which = [...(ticket === undefined ? [] : ['--ticket', `${ticket}`]), ...(all ? ['--all'] : [])]
    const command = ['sera', 'break', target.kind, target.name, ...which]
    Object.assign(report, { lock: lockOf(target), command })
    const client = openRetryingClient(context, command)
    try {
      return await breaking(target, client, { ...context, shown: command })
    } finally {
      client.close()
    }
  }
}

function refuseUnheld({ kind, name }: BreakTarget): void {
  const instead = { gate: `sera gate open ${name}`, counter: `sera sem ${name} <delta>` }[kind as string]
  if (instead) throw new SeraError('usage', `a ${kind} has no holder; to change it: ${instead}`)
}

async function breaking(target: BreakTarget, client: RetryingClient, context: RunContext): Promise<Outcome> {
  const { host, report } = context
  const { ticket, all, yes, json, reason } = context.options
  const statusView = await readStatus(client, target, { until: Number.POSITIVE_INFINITY })
  const breakage = select(statusView, `${target.kind} ${target.name}`, { ticket, all })
  if (!yes && !(await agreed({ ...statusView, ...breakage, unseen: [] }, host))) {
    throw new SeraError('conflict', 'nothing was broken')
  }
  const holder = firstHolder(breakage)
  if (holder?.host) report.holder = { host: holder.host, pid: holder.pid, command: holder.command }
  if (!(await broken(breakage, target, client, context))) {
    throw new SeraError('conflict', `${target.kind} ${target.name} was released in the meantime; nothing was broken`)
  }
  host.stdout.write(json ? objectOf(breakage, target) : textOf(breakage))
  return { kind: 'broke', reason }
}

async function agreed(statusView: StatusView, host: Host): Promise<boolean> {
  const [, ...lines] = statusLines(statusView, true, host.stderr, host.env)
  return await confirm(host, `${lines.join('\n').trimStart()}\nBreak it?`)
}

/** False if nothing of the selection was left. */
async function broken(
  { ids, sessions, records }: Selection,
  target: BreakTarget,
  reading: RetryingClient,
  context: RunContext,
): Promise<boolean> {
  const deadline = { until: Number.POSITIVE_INFINITY }
  const done: boolean[] = []
  for (const { name, connection } of sessions) done.push(await killHolder(reading, name, connection, deadline))
  if (ids.length + records.length === 0) return done.includes(true)
  const tables = openTables(context)
  const { history } = context.settings
  const { reason } = context.options
  try {
    if (history) done.push(await breakClaims(tables.client, ids, reason, deadline))
    else done.push(await removeClaims(tables.client, ids, deadline))
    for (const one of records) done.push(await forgetRecord(tables.client, target, one.record, deadline))
    if (done.includes(true)) await recordHistory(tables, target, { kind: 'broke', reason }, context)
  } finally {
    await tables.close()
  }
  return done.includes(true)
}

function textOf({ views, records }: Selection): string {
  const claims = views.flatMap(({ kind, name, claims }) =>
    claims.map(claim => {
      const { state, sinceMs } = claim
      const since = sinceMs === undefined ? '' : ` for ${formatLength(sinceMs)}`
      const runs = whatRuns(claim, kind)
      const who = `${whoIs(claim)}${runs === '' ? '' : ` (${runs})`}`
      return `broke ${kind} ${name}, ${state === 'waiting' ? 'waited' : 'held'}${since} by ${who}`
    }),
  )
  const forgotten = records.map(({ name }) => `forgot the last run of once ${name}`)
  return [...claims, ...forgotten].map(line => `${harmless(line)}\n`).join('')
}

function objectOf({ views, records }: Selection, { kind, name }: BreakTarget): string {
  const broken = views.flatMap(({ claims }) => claims.map(claimObject))
  return `${JSON.stringify({ kind, name, broken, forgotten: records.length > 0 })}\n`
}
