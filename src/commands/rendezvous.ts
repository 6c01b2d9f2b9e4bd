/** `sera rendezvous <event>`: prints whom it has met; with a command, the command is told. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HeldLock } from '../claims/lock.js'
import type { Session } from '../claims/session.js'
import type { RunOptions } from '../cli/args/options.js'
import { readPayload } from '../cli/args/payload.js'
import { rendezvousSummary } from '../cli/output/rendezvous-summary.js'
import { SeraError } from '../errors.js'
import { checkPayload, claimSpecOf, withActor } from '../primitives/rendezvous/candidate.js'
import { rendezvous as atRendezvous, type Match, matchOf } from '../primitives/rendezvous/rendezvous.js'
import { awaitGrant, type LockSource } from '../run/await-grant.js'
import { heldEntry } from '../run/child-environment.js'
import type { Task } from '../run/context.js'
import { leaveQuietly } from '../run/held-claim.js'
import { runUnderLock } from '../run/hold-lock.js'
import { keyOf, type LockRequest, lockOf, lockSourceAt, tablesOf } from '../run/lock-request.js'
import { withSession } from '../run/open-session.js'
import { type WaitOnlyRequest, waitOnly } from '../run/wait-only.js'
import { parseLabels } from '../selector/labels.js'
import { parseSelector } from '../selector/selector.js'

export function rendezvous([event = '']: readonly string[], options: RunOptions): Task {
  const request: WaitOnlyRequest = {
    ...stopAt(event, options),
    text: claim => `${JSON.stringify(matchOf(event, claim))}\n`,
  }
  return context => waitOnly(request, context)
}

export function rendezvousCommand([event = '']: readonly string[], options: RunOptions): Task {
  const request = stopAt(event, options)
  return async context => {
    const { host, report, settings, shown, waitMs } = context
    const lock = lockOf(request.key)
    Object.assign(report, { lock, command: shown, waitMs })
    return await withSession(request.key, context, async session => {
      const grant = await awaitGrant(meeting(request, session), context)
      if ('outcome' in grant) return grant.outcome
      session.store.rest()
      const file = new MatchFile(grant.taken)
      try {
        const marker = heldEntry(host.pid, lock, tablesOf(settings))
        return await runUnderLock(NOTHING, { lock, marker, match: file.path }, context)
      } finally {
        file.remove()
      }
    })
  }
}

/** @throws SeraError usage */
function stopAt(event: string, { actor, mates, labels = '', selector, payload }: RunOptions): LockRequest {
  const key = keyOf('rendezvous', event)
  if (actor === undefined) throw new SeraError('usage', '--actor is missing: the others want to know who comes')
  if (selector !== undefined) parseSelector(selector, '--selector')
  const spec = claimSpecOf({ actor, mates, labels: withActor(actor, parseLabels(labels, '--labels')), selector })
  const text = readPayload(payload)
  return {
    key,
    spec: text === undefined ? spec : { ...spec, payload: checkPayload(text) },
    policy: atRendezvous(),
    preposition: 'at',
    summary: rendezvousSummary(spec),
  }
}

/** Nobody is left at the event when the command runs: the match is final. */
function meeting(request: LockRequest, session: Session): LockSource<Match> {
  const ownClaim = session.newClaim(request.key)
  const source = lockSourceAt(request, session, ownClaim)
  const take: LockSource<Match>['acquire'] = async wait => {
    const taken = await source.acquire(wait)
    if (!taken) return undefined
    await leaveQuietly(session, taken)
    wait.signal.throwIfAborted() // who was told to give up starts nothing, although the others have met it
    return matchOf(request.key.name, taken.seen)
  }
  return { ...source, acquire: take }
}

/** A command that has met the others runs for as long as it likes. */
const NOTHING: HeldLock = {
  until: Number.POSITIVE_INFINITY,
  provenAt: Number.POSITIVE_INFINITY,
  token: undefined,
  lifeline: undefined,
  keep: () => {},
  reclaim: async () => false,
  release: async () => undefined,
  abandon: () => {},
}

/** A match as a file of its own, for the command that is told whom it has met: nobody else may read it. */
export class MatchFile {
  readonly #folder: string
  readonly path: string

  /** @throws SeraError not-started */
  constructor(match: Match) {
    try {
      this.#folder = mkdtempSync(join(tmpdir(), 'sera-match-'))
      this.path = join(this.#folder, 'match.json')
      writeFileSync(this.path, `${JSON.stringify(match)}\n`, { mode: 0o600 })
    } catch (cause) {
      const reason = (cause as Error).message
      throw new SeraError('not-started', `cannot write down who was met: ${reason}; nothing was run`, { cause })
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
