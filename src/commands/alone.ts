/** A subcommand without a command: stops at a resource of the lock tables until it is let on, and prints what there is to tell. */
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import type { Claim } from '../store/claims.js'
import { awaitTurn } from './await-turn.js'
import type { Call } from './call.js'
import { leaveQuietly } from './held-place.js'
import { participating } from './participant.js'
import type { Report } from './report.js'
import { lockOf, type Stop, turnAt } from './stop.js'

export interface AloneStop extends Stop {
  /** For people without `--json`; '' for nothing. */
  text(claim: Claim | undefined): string
  /** For programs, besides kind and name; a contract. Absent where `text` is for programs. */
  facts?(claim: Claim | undefined, waitedMs: number | undefined): object
  /** It is decided at once, so there is no wait to report. */
  instant?: boolean
}

export async function alone(stop: AloneStop, call: Call, host: Host, report: Partial<Report>): Promise<Outcome> {
  const { kind, name } = stop.key
  Object.assign(report, { lock: lockOf(stop.key), ...(stop.instant ? {} : { waitMs: call.waitMs }) })
  return await participating(stop.key, call, host, report, async participant => {
    const place = participant.place(stop.key)
    const turn = await awaitTurn(turnAt(stop, participant, place), call, host, report)
    if ('outcome' in turn) return turn.outcome
    const { claim } = turn.taken
    await leaveQuietly(participant, place) // the record of what was granted has been seen
    const facts = call.options.json ? stop.facts?.(claim, report.waitedMs) : undefined
    host.stdout.write(facts ? `${JSON.stringify({ kind, name, ...facts })}\n` : stop.text(claim))
    return { kind: 'done' }
  })
}
