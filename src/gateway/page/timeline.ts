/**
 * Who waited for what, and had it, from when to when: from the history, which knows what the command line has run, and
 * from what the page has seen by itself, which knows the others and who is there now. All times are the server's, ms
 * since 1970.
 */

import { participantOf } from './claim-text.js'
import { type ClaimJson, type EntryJson, isHeld, keyOf, type ResourceJson, type Status } from './status.js'

/** One participant's stay at a resource. */
export interface Interval {
  /** Of the resource. */
  key: string
  who: string
  command: string
  requestedAt: number
  /** Undefined: it waited, or still waits. */
  grantedAt: number | undefined
  /** Undefined: it is still there. */
  endedAt: number | undefined
  /** Of the command line's runs. */
  outcome: string | undefined
  exitCode: number | undefined
  token: string | undefined
}

/** What is older is not drawn at any range. */
const KEPT_MS = 25 * 3_600_000

export class Timeline {
  /** Who is there, by claim. */
  readonly #present = new Map<string, Interval>()
  /** Who has been seen to go, and has no entry yet; some never get one. */
  #gone: Interval[] = []
  readonly #recorded = new Map<string, Interval>()

  /** @returns whether somebody has gone, who may have left an entry */
  see(status: Status): boolean {
    const at = Date.parse(status.at)
    const seen = new Set<string>()
    for (const resource of status.resources) {
      for (const claim of resource.claims) {
        const id = idOf(resource, claim)
        seen.add(id)
        this.#present.set(id, intervalOf(resource, claim, at, this.#present.get(id)))
      }
    }
    const gone = [...this.#present].filter(([id]) => !seen.has(id))
    for (const [id, interval] of gone) {
      this.#present.delete(id)
      this.#gone.push({ ...interval, endedAt: at })
    }
    this.forget(at) // where nothing runs under the command line there are no entries, and nobody else says so
    return gone.length > 0
  }

  recall(entries: readonly EntryJson[]): void {
    for (const entry of entries) this.#recorded.set(Object.values(entry).join('\0'), intervalOfEntry(entry))
    const recorded = grouped(this.#recorded.values(), ({ key, who }) => `${key}\0${who}`)
    this.#gone = this.#gone.filter(
      interval => !recorded.get(`${interval.key}\0${interval.who}`)?.some(other => same(interval, other)),
    )
  }

  /** By resource, each in order of arrival; those that have not ended before `from`. */
  intervals(from: number): Map<string, Interval[]> {
    const all = [...this.#recorded.values(), ...this.#gone, ...this.#present.values()]
    const within = all.filter(({ endedAt }) => endedAt === undefined || endedAt >= from)
    const inOrder = within.sort((a, b) => a.requestedAt - b.requestedAt)
    return grouped(inOrder, ({ key }) => key)
  }

  /** What is too old to be drawn goes. */
  forget(now: number): void {
    const isOld = ({ endedAt = now }: Interval) => endedAt < now - KEPT_MS
    for (const [id, interval] of this.#recorded) if (isOld(interval)) this.#recorded.delete(id)
    this.#gone = this.#gone.filter(interval => !isOld(interval))
  }
}

/** A claim keeps its ticket; a connection waits for GET_LOCK, and then has it. */
function idOf(resource: ResourceJson, { ticket, connection }: ClaimJson): string {
  return `${keyOf(resource)}\0${ticket ?? `connection ${connection}`}`
}

function intervalOf(resource: ResourceJson, claim: ClaimJson, at: number, before: Interval | undefined): Interval {
  const since = claim.sinceMs === undefined ? undefined : at - claim.sinceMs
  const grantedAt = isHeld(claim) ? (before?.grantedAt ?? since ?? (before ? at : undefined)) : undefined
  const requestedAt = before?.requestedAt ?? fromMicros(claim.ticket) ?? since ?? at
  return {
    key: keyOf(resource),
    who: participantOf(claim),
    command: claim.command ?? '',
    requestedAt,
    // of a holder that was there before the page was, it is not always known since when
    grantedAt: isHeld(claim) ? (grantedAt ?? requestedAt) : undefined,
    endedAt: undefined,
    outcome: undefined,
    exitCode: undefined,
    token: claim.token,
  }
}

function intervalOfEntry(entry: EntryJson): Interval {
  const { command, outcome, exitCode, token, requestedAt, grantedAt, releasedAt } = entry
  return {
    ...{ key: keyOf(entry), who: participantOf(entry), command, outcome, exitCode, token: token ?? undefined },
    requestedAt: Date.parse(requestedAt),
    grantedAt: grantedAt === null ? undefined : Date.parse(grantedAt),
    endedAt: Date.parse(releasedAt),
  }
}

/** Clocks are read a little apart, and the page looks once a second. */
const SLACK_MS = 3000

function same(seen: Interval, recorded: Interval): boolean {
  if (seen.token !== undefined && recorded.token !== undefined) return seen.token === recorded.token
  const { endedAt = 0 } = recorded
  return seen.requestedAt <= endedAt + SLACK_MS && (seen.endedAt ?? 0) >= recorded.requestedAt - SLACK_MS
}

function fromMicros(us: string | undefined): number | undefined {
  return us === undefined ? undefined : Number(us) / 1000
}

function grouped<T>(all: Iterable<T>, by: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all) {
    const group = groups.get(by(one))
    if (group) group.push(one)
    else groups.set(by(one), [one])
  }
  return groups
}
