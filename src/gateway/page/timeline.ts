/**
 * When each participant waited for and held each resource. The history has the finished runs of the command line. The status
 * stream has all current participants, and those that leave no history. All times are the server's, ms since 1970.
 */

import { participantOf } from './claim-text.js'
import { type ClaimJson, type EntryJson, isHeld, keyOf, type ResourceJson, type Status } from './status.js'

/** The time of one claim at a resource. */
export interface Interval {
  /** The key of the resource. */
  key: string
  who: string
  command: string
  requestedAt: number
  /** Undefined: it was not granted, or not yet. */
  grantedAt: number | undefined
  /** Undefined: the claim still exists. */
  endedAt: number | undefined
  /** Only of runs in the history. */
  outcome: string | undefined
  exitCode: number | undefined
  token: string | undefined
}

/** A little more than the longest range. */
const KEPT_MS = 25 * 3_600_000

export class Timeline {
  /** The current intervals, by claim. */
  readonly #present = new Map<string, Interval>()
  /** Intervals of claims that disappeared and have no history entry. Some never get one. */
  #ended: Interval[] = []
  readonly #recorded = new Map<string, Interval>()

  /** Adds a status. @returns whether a claim disappeared, which may have written a history entry */
  observe(status: Status): boolean {
    const at = Date.parse(status.at)
    const seen = new Set<string>()
    for (const resource of status.resources) {
      for (const claim of resource.claims) {
        const id = idOf(resource, claim)
        seen.add(id)
        this.#present.set(id, intervalOf(resource, claim, at, this.#present.get(id)))
      }
    }
    const ended = [...this.#present].filter(([id]) => !seen.has(id))
    for (const [id, interval] of ended) {
      this.#present.delete(id)
      this.#ended.push({ ...interval, endedAt: at })
    }
    this.forget(at) // without history entries no other call forgets old intervals
    return ended.length > 0
  }

  addEntries(entries: readonly EntryJson[]): void {
    for (const entry of entries) this.#recorded.set(Object.values(entry).join('\0'), intervalOfEntry(entry))
    const recorded = grouped(this.#recorded.values(), ({ key, who }) => `${key}\0${who}`)
    this.#ended = this.#ended.filter(
      interval => !recorded.get(`${interval.key}\0${interval.who}`)?.some(other => same(interval, other)),
    )
  }

  /** The intervals that reach beyond `from`, by resource, in order of arrival. */
  intervals(from: number): Map<string, Interval[]> {
    const all = [...this.#recorded.values(), ...this.#ended, ...this.#present.values()]
    const within = all.filter(({ endedAt }) => endedAt === undefined || endedAt >= from)
    const inOrder = within.sort((a, b) => a.requestedAt - b.requestedAt)
    return grouped(inOrder, ({ key }) => key)
  }

  /** Drops intervals that are too old to be drawn. */
  forget(now: number): void {
    const isOld = ({ endedAt = now }: Interval) => endedAt < now - KEPT_MS
    for (const [id, interval] of this.#recorded) if (isOld(interval)) this.#recorded.delete(id)
    this.#ended = this.#ended.filter(interval => !isOld(interval))
  }
}

/** A claim in the lock tables keeps its ticket. A connection first waits for GET_LOCK and then holds it. */
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
    // the start of a hold that is older than the page is not always known
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

/** The page gets a status once a second, and clocks are read at slightly different times. */
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
