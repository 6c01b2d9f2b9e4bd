/** Runs a subcommand without a command: waits until its claim is granted, and prints the result. */
import type { Claim } from '../claims/model.js'
import type { Outcome } from '../outcome.js'
import { awaitGrant } from './await-grant.js'
import type { RunContext } from './context.js'
import { leaveQuietly } from './held-claim.js'
import { grantSourceAt, type LockRequest, lockOf } from './lock-request.js'
import { withSession } from './open-session.js'

export interface WaitOnlyRequest extends LockRequest {
  /** The text to print without `--json`; '' for none. */
  text(claim: Claim | undefined): string
  /** The fields to print with `--json`, in addition to kind and name: a contract. Absent if `text` is for programs. */
  facts?(claim: Claim | undefined, waitedMs: number | undefined): object
  /** The rule decides at once, so the report has no wait. */
  instant?: boolean
}

export async function waitOnly(request: WaitOnlyRequest, context: RunContext): Promise<Outcome> {
  const { host, report, options } = context
  const { kind, name } = request.key
  Object.assign(report, { lock: lockOf(request.key), ...(request.instant ? {} : { waitMs: context.waitMs }) })
  return await withSession(request.key, context, async session => {
    const ownClaim = session.newClaim(request.key)
    const grant = await awaitGrant(grantSourceAt(request, session, ownClaim), context)
    if ('outcome' in grant) return grant.outcome
    const { seen: claim } = grant
    await leaveQuietly(session, ownClaim) // the result is read already
    const facts = options.json ? request.facts?.(claim, report.waitedMs) : undefined
    host.stdout.write(facts ? `${JSON.stringify({ kind, name, ...facts })}\n` : request.text(claim))
    return { kind: 'done' }
  })
}
