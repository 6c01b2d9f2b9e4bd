/** `sera rendezvous <event>`: prints the match, or runs a command that reads it from a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunOptions } from '../cli/args/options.js'
import { readPayload } from '../cli/args/payload.js'
import { rendezvousSummary } from '../cli/output/rendezvous-summary.js'
import { SeraError } from '../errors.js'
import { type Match, matchOf, rendezvousRequest } from '../primitives/rendezvous/rendezvous.js'
import type { Task } from '../run/context.js'
import { leaveQuietly } from '../run/held-claim.js'
import type { RunnableLock } from '../run/hold-lock.js'
import { keyOf, type LockRequest } from '../run/lock-request.js'
import { type Hold, type ResourceLock, resourceSource } from '../run/resource-lock.js'
import { runLocked } from '../run/run-locked.js'
import { type WaitOnlyRequest, waitOnly } from '../run/wait-only.js'
import { parseLabels } from '../selector/labels.js'
import { parseSelector } from '../selector/selector.js'

export function rendezvous([event = '']: readonly string[], options: RunOptions): Task {
  const request: WaitOnlyRequest = {
    ...requestAt(event, options),
    text: claim => `${JSON.stringify(matchOf(event, claim))}\n`,
  }
  return context => waitOnly(request, context)
}

export function rendezvousCommand([event = '']: readonly string[], options: RunOptions): Task {
  const request: ResourceLock = {
    ...requestAt(event, options),
    endless: () => false,
    prestartsGuard: false,
    hold: underMatch,
  }
  return context => runLocked(resourceSource(request, context), context)
}

/** The match is final, so the claim leaves the event before the command runs. */
const underMatch: Hold = async (session, ownClaim, signal) => {
  await leaveQuietly(session, ownClaim)
  signal?.throwIfAborted() // After a signal no command starts, although the match with the others stands.
  session.store.rest()
  return new HeldMatch(matchOf(ownClaim.key.name, ownClaim.seen))
}

/** @throws SeraError usage */
function requestAt(event: string, { actor, mates, labels = '', selector, payload }: RunOptions): LockRequest {
  const key = keyOf('rendezvous', event)
  if (actor === undefined) throw new SeraError('usage', '--actor NAME is required: your name in the rendezvous')
  if (selector !== undefined) parseSelector(selector, '--selector')
  const asked = { actor, mates, labels: parseLabels(labels, '--labels'), selector }
  rendezvousRequest(asked) // refuses a wrong flag before stdin is read
  const request = rendezvousRequest({ ...asked, payload: readPayload(payload) })
  return { key, ...request, preposition: 'at', summary: rendezvousSummary(request.spec) }
}

/** No lock protects the command, and no fence limits it. The file with the match exists while it runs. */
class HeldMatch implements RunnableLock {
  readonly until = Number.POSITIVE_INFINITY
  readonly provenAt = Number.POSITIVE_INFINITY
  readonly token = undefined
  readonly lifeline = undefined
  readonly #file: MatchFile

  /** @throws SeraError not-started */
  constructor(match: Match) {
    this.#file = new MatchFile(match)
  }

  get match(): string {
    return this.#file.path
  }

  keep(): void {}

  async reclaim(): Promise<boolean> {
    return false
  }

  async release(): Promise<undefined> {
    this.#file.remove()
  }

  abandon(): void {
    this.#file.remove()
  }
}

/** A match in a file that only this user can read. */
class MatchFile {
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
      throw new SeraError('not-started', `cannot write the list of participants: ${reason}; nothing was run`, { cause })
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
