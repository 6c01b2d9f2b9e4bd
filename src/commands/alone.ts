/** A subcommand without a command: stops at a resource of the lock tables until it is let on, and prints what there is to tell. */
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import type { Claim } from '../store/claims.js'
import { awaitGrant } from './await-turn.js'
import type { Call } from './call.js'
import { leaveQuietly } from './held-place.js'
import { withSession } from './participant.js'
import type { Report } from './report.js'
import { type LockRequest, lockOf, lockSourceAt } from './stop.js'

export interface WaitOnlyRequest extends LockRequest {
  /** For people without `--json`; '' for nothing. */
  text(claim: Claim | undefined): string
  /** For programs, besides kind and name; a contract. Absent where `text` is for programs. */
  facts?(claim: Claim | undefined, waitedMs: number | undefined): object
  /** It is decided at once, so there is no wait to report. */
  instant?: boolean
}

export async function waitOnly(
  request: WaitOnlyRequest,
  call: Call,
  host: Host,
  report: Partial<Report>,
): Promise<Outcome> {
  const { kind, name } = request.key
  Object.assign(report, { lock: lockOf(request.key), ...(request.instant ? {} : { waitMs: call.waitMs }) })
  return await withSession(request.key, call, host, report, async session => {
    const ownClaim = session.newClaim(request.key)
    const grant = await awaitGrant(lockSourceAt(request, session, ownClaim), call, host, report)
    if ('outcome' in grant) return grant.outcome
    const { seen: claim } = grant.taken
    await leaveQuietly(session, ownClaim) // the record of what was granted has been seen
    const facts = call.options.json ? request.facts?.(claim, report.waitedMs) : undefined
    host.stdout.write(facts ? `${JSON.stringify({ kind, name, ...facts })}\n` : request.text(claim))
    return { kind: 'done' }
  })
}
