/** What `sera break` would break, of all that is at a resource. Pure. */
import { SeraError } from '../../errors.js'
import { whoIs } from '../../status/claim-text.js'
import { type ClaimView, holders, type ResourceView, type StatusView } from '../../status/resource-view.js'

export interface Selection {
  /** What is there, less what stays. */
  views: readonly ResourceView[]
  /** Claims in the lock tables, by id. */
  ids: readonly string[]
  /** A GET_LOCK, and the connection that holds it. */
  sessions: readonly { name: string; connection: number }[]
  /** What a once key remembers, which goes with all. */
  records: readonly { name: string; record: string }[]
}

/** @throws SeraError conflict, when nobody is there, or it is not clear who is meant */
export function select(
  { views, unseen }: Pick<StatusView, 'views' | 'unseen'>,
  what: string,
  { ticket, all }: { ticket: number | undefined; all: boolean },
): Selection {
  const chosen = views
    .map(view => ({ ...view, claims: view.claims.filter(claim => isMeant(claim, ticket, all)) }))
    .filter(({ claims, resource }) => claims.length > 0 || (all && resource?.record !== undefined))
  const claims = chosen.flatMap(sight => sight.claims)
  if (chosen.length === 0) throw noneFound(views, what, ticket, unseen)
  if (!all && claims.length > 1) throw ambiguous(claims, what)
  return {
    views: chosen,
    ids: claims.flatMap(({ id }) => id ?? []),
    sessions: chosen.flatMap(({ name, engine, claims: [holder] }) =>
      engine === 'get_lock' && holder?.connection !== undefined ? [{ name, connection: holder.connection }] : [],
    ),
    records: chosen.flatMap(({ name, resource }) =>
      all && resource?.record ? [{ name, record: resource.record }] : [],
    ),
  }
}

/** A wait for a GET_LOCK can't be broken: it would begin anew. */
function isMeant({ state, ticket, connection }: ClaimView, wanted: number | undefined, all: boolean): boolean {
  if (wanted !== undefined) return ticket === wanted
  return state === 'granted' || (all && connection === undefined)
}

function noneFound(
  views: readonly ResourceView[],
  what: string,
  ticket: number | undefined,
  unseen: readonly string[],
): SeraError {
  if (ticket !== undefined) {
    const none = `no claim at ${what} has the ticket ${ticket}; list the tickets with sera status ${what}`
    return new SeraError('conflict', [none, ...unseen].join('. '))
  }
  const waiting = views.flatMap(({ claims }) => claims).length
  const others = waiting === 0 ? '' : `, but ${waiting} waiting; to break waiters, use --ticket or --all`
  return new SeraError('conflict', [`${what} has no holder${others}`, ...unseen].join('. '))
}

/** So many are listed; the line is one. */
const LISTED = 5

function ambiguous(claims: readonly ClaimView[], what: string): SeraError {
  const listed = claims.slice(0, LISTED).map(claim => `${claim.ticket ?? 'GET_LOCK'} (${whoIs(claim)})`)
  const more = claims.length > LISTED ? `, and ${claims.length - LISTED} more` : ''
  return new SeraError(
    'conflict',
    `${what} has ${claims.length} holders; choose one with --ticket, or use --all; tickets: ${listed.join(', ')}${more}`,
  )
}

/** The one who had it for longest, for reports. */
export function firstHolder({ views }: Selection): ClaimView | undefined {
  return views.flatMap(holders).toSorted((a, b) => (b.sinceMs ?? 0) - (a.sinceMs ?? 0))[0]
}
