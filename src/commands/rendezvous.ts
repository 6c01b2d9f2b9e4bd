/** `sera rendezvous <event>`: prints whom it has met; with a command, the command is told. */
import { SeraError } from '../errors.js'
import type { Session } from '../primitives/participant.js'
import { rendezvous as atRendezvous, type Match, matchOf } from '../primitives/rendezvous.js'
import { checkPayload, claimSpecOf, withActor } from '../primitives/visitor.js'
import { parseLabels } from '../selector/labels.js'
import { parseSelector } from '../selector/selector.js'
import type { HeldLock } from '../store/port.js'
import { type WaitOnlyRequest, waitOnly } from './alone.js'
import { awaitGrant, type LockSource } from './await-turn.js'
import type { Task } from './call.js'
import { heldEntry } from './child-environment.js'
import { leaveQuietly } from './held-place.js'
import { MatchFile } from './match-file.js'
import { rendezvousSummary } from './meeting-news.js'
import { withSession } from './participant.js'
import { readPayload } from './payload.js'
import type { RunOptions } from './run-options.js'
import { runUnderLock } from './run-under.js'
import { keyOf, type LockRequest, lockOf, lockSourceAt, tablesOf } from './stop.js'

export function rendezvous([event = '']: readonly string[], options: RunOptions): Task {
  const request: WaitOnlyRequest = {
    ...stopAt(event, options),
    text: claim => `${JSON.stringify(matchOf(event, claim))}\n`,
  }
  return (call, host, report) => waitOnly(request, call, host, report)
}

export function rendezvousCommand([event = '']: readonly string[], options: RunOptions): Task {
  const request = stopAt(event, options)
  return async (call, host, report) => {
    const lock = lockOf(request.key)
    Object.assign(report, { lock, command: call.shown, waitMs: call.waitMs })
    return await withSession(request.key, call, host, report, async session => {
      const grant = await awaitGrant(meeting(request, session), call, host, report)
      if ('outcome' in grant) return grant.outcome
      session.store.rest()
      const file = new MatchFile(grant.taken)
      try {
        const marker = heldEntry(host.pid, lock, tablesOf(call.settings))
        return await runUnderLock(NOTHING, { lock, marker, match: file.path }, call, host, report)
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
