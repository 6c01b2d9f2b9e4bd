/** Selects the claims at a resource that `sera break` removes. Pure. */
import { SeraError } from '../../errors.js'
import { whoIs } from '../../status/claim-text.js'
import { type ClaimView, holders, type ResourceView, type StatusView } from '../../status/resource-view.js'

export interface Selection {
  /** The resource with the selected claims only. */
  views: readonly ResourceView[]
  /** The ids of claims in the lock tables. */
  ids: readonly string[]
  /** GET_LOCKs, and the connections that hold them. */
  sessions: readonly { name: string; connection: number }[]
  /** The records of once keys; `--all` deletes them. */
  records: readonly { name: string; record: string }[]
}

/** @throws SeraError conflict if no claim is selected, or several without `--all` */
export function select(
  { views, unseen }: Pick<StatusView, 'views' | 'unseen'>,
  what: string,
  { ticket, all }: { ticket: number | undefined; all: boolean },
): Selection {
  const chosen = views
    .map(view => ({ ...view, claims: view.claims.filter(claim => isSelected(claim, ticket, all)) }))
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

/** A wait for a GET_LOCK cannot be broken: the waiter would start again. */
function isSelected({ state, ticket, connection }: ClaimView, wanted: number | undefined, all: boolean): boolean {
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

/** The message is one line and has room for this many. */
const LISTED = 5

function ambiguous(claims: readonly ClaimView[], what: string): SeraError {
  const listed = claims.slice(0, LISTED).map(claim => `${claim.ticket ?? 'GET_LOCK'} (${whoIs(claim)})`)
  const more = claims.length > LISTED ? `, and ${claims.length - LISTED} more` : ''
  return new SeraError(
    'conflict',
    `${what} has ${claims.length} holders; choose one with --ticket, or use --all; tickets: ${listed.join(', ')}${more}`,
  )
}

/** The holder that has held for longest, for the report. */
export function firstHolder({ views }: Selection): ClaimView | undefined {
  return views.flatMap(holders).toSorted((a, b) => (b.sinceMs ?? 0) - (a.sinceMs ?? 0))[0]
}
