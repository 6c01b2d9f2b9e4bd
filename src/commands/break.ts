/** `sera break <kind> <name> [--ticket n] [--all] [--yes] [--reason text]`: shows claims, asks, and removes them. */
import { SeraError } from '../errors.js'
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import { memberObject } from '../status/json.js'
import type { Picture } from '../status/picture.js'
import { type Question, take } from '../status/survey.js'
import { breakClaims, forgetRecord, removeClaims } from '../store/breaking.js'
import type { Calls } from '../store/calls.js'
import { endHolder } from '../store/end-holder.js'
import type { Call, Task } from './call.js'
import { checkAskable, confirm } from './confirm.js'
import { openTables } from './participant.js'
import { record } from './record.js'
import type { Report } from './report.js'
import type { RunOptions } from './run-options.js'
import { type Breakage, choose, firstHolder } from './status/choice.js'
import { openCalls, questionOf } from './status/question.js'
import { drawn } from './status/view.js'
import { spell, whatRuns, whoIs } from './status/words.js'
import { lockOf } from './stop.js'
import { harmless } from './text/width.js'

type Target = Required<{ [Key in keyof Question]: NonNullable<Question[Key]> }>

export function breakClaim(words: readonly string[], { ticket, all, yes }: RunOptions): Task {
  const target = questionOf(words) as Target
  refuseUnheld(target)
  if (ticket !== undefined && all)
    throw new SeraError('usage', '--ticket names one claim and --all means all: give one')
  return async (call, host, report) => {
    if (!yes) checkAskable(host)
    const which = [...(ticket === undefined ? [] : ['--ticket', `${ticket}`]), ...(all ? ['--all'] : [])]
    const command = ['sera', 'break', target.kind, target.name, ...which]
    Object.assign(report, { lock: lockOf(target), command })
    const calls = openCalls(call, host, command)
    try {
      return await breaking(target, calls, { ...call, shown: command }, host, report)
    } finally {
      calls.close()
    }
  }
}

function refuseUnheld({ kind, name }: Target): void {
  const instead = { gate: `sera gate open ${name}`, counter: `sera sem ${name} <delta>` }[kind as string]
  if (instead) throw new SeraError('usage', `nobody holds a ${kind}; to change it: ${instead}`)
}

async function breaking(
  target: Target,
  calls: Calls,
  call: Call,
  host: Host,
  report: Partial<Report>,
): Promise<Outcome> {
  const { ticket, all, yes, json, reason } = call.options
  const picture = await take(calls, target, { until: Number.POSITIVE_INFINITY })
  const breakage = choose(picture, `${target.kind} ${target.name}`, { ticket, all })
  if (!yes && !(await agreed({ ...picture, ...breakage, unseen: [] }, host))) {
    throw new SeraError('conflict', 'nothing was broken')
  }
  const holder = firstHolder(breakage)
  if (holder?.host) report.holder = { host: holder.host, pid: holder.pid, command: holder.command }
  if (!(await broken(breakage, target, calls, call, host, report))) {
    throw new SeraError('conflict', `${target.kind} ${target.name} was given back by itself meanwhile`)
  }
  host.stdout.write(json ? objectOf(breakage, target) : textOf(breakage))
  return { kind: 'broke', reason }
}

async function agreed(picture: Picture, host: Host): Promise<boolean> {
  const [, ...lines] = drawn(picture, true, host.stderr, host.env)
  return await confirm(host, `${lines.join('\n').trimStart()}\nBreak it?`)
}

/** False: there was nothing of it any more. */
async function broken(
  { ids, sessions, records }: Breakage,
  target: Target,
  reading: Calls,
  call: Call,
  host: Host,
  report: Partial<Report>,
): Promise<boolean> {
  const patience = { until: Number.POSITIVE_INFINITY }
  const done: boolean[] = []
  for (const { name, connection } of sessions) done.push(await endHolder(reading, name, connection, patience))
  if (ids.length + records.length === 0) return done.includes(true)
  const tables = openTables(call, host)
  const { history } = call.settings
  const { reason } = call.options
  try {
    if (history) done.push(await breakClaims(tables.calls, ids, reason, patience))
    else done.push(await removeClaims(tables.calls, ids, patience))
    for (const one of records) done.push(await forgetRecord(tables.calls, target, one.record, patience))
    if (done.includes(true)) await record(tables, target, { kind: 'broke', reason }, call, host, report)
  } finally {
    await tables.close()
  }
  return done.includes(true)
}

function textOf({ sights, records }: Breakage): string {
  const claims = sights.flatMap(({ kind, name, members }) =>
    members.map(member => {
      const { state, sinceMs } = member
      const since = sinceMs === undefined ? '' : ` for ${spell(sinceMs)}`
      const runs = whatRuns(member, kind)
      const who = `${whoIs(member)}${runs === '' ? '' : ` (${runs})`}`
      return `broke ${kind} ${name}, ${state === 'waiting' ? 'waited' : 'held'}${since} by ${who}`
    }),
  )
  const forgotten = records.map(({ name }) => `forgot the last run of once ${name}`)
  return [...claims, ...forgotten].map(line => `${harmless(line)}\n`).join('')
}

function objectOf({ sights, records }: Breakage, { kind, name }: Target): string {
  const broken = sights.flatMap(({ members }) => members.map(memberObject))
  return `${JSON.stringify({ kind, name, broken, forgotten: records.length > 0 })}\n`
}
