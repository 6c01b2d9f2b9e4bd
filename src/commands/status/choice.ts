/** What `sera break` would break, of all that is at a resource. Pure. */
import { SeraError } from '../../errors.js'
import { holders, type Member, type Picture, type Sight } from '../../status/picture.js'
import { whoIs } from './words.js'

export interface Breakage {
  /** What is there, less what stays. */
  sights: readonly Sight[]
  /** Claims in the lock tables, by id. */
  ids: readonly string[]
  /** A GET_LOCK, and the connection that holds it. */
  sessions: readonly { name: string; connection: number }[]
  /** What a once key remembers, which goes with all. */
  records: readonly { name: string; record: string }[]
}

/** @throws SeraError conflict, when nobody is there, or it is not clear who is meant */
export function choose(
  { sights, unseen }: Pick<Picture, 'sights' | 'unseen'>,
  what: string,
  { ticket, all }: { ticket: number | undefined; all: boolean },
): Breakage {
  const chosen = sights
    .map(sight => ({ ...sight, members: sight.members.filter(member => isMeant(member, ticket, all)) }))
    .filter(({ members, resource }) => members.length > 0 || (all && resource?.record !== undefined))
  const members = chosen.flatMap(sight => sight.members)
  if (chosen.length === 0) throw nobody(sights, what, ticket, unseen)
  if (!all && members.length > 1) throw several(members, what)
  return {
    sights: chosen,
    ids: members.flatMap(({ id }) => id ?? []),
    sessions: chosen.flatMap(({ name, engine, members: [holder] }) =>
      engine === 'get_lock' && holder?.connection !== undefined ? [{ name, connection: holder.connection }] : [],
    ),
    records: chosen.flatMap(({ name, resource }) =>
      all && resource?.record ? [{ name, record: resource.record }] : [],
    ),
  }
}

/** A wait for a GET_LOCK can't be broken: it would begin anew. */
function isMeant({ state, ticket, connection }: Member, wanted: number | undefined, all: boolean): boolean {
  if (wanted !== undefined) return ticket === wanted
  return state === 'granted' || (all && connection === undefined)
}

function nobody(
  sights: readonly Sight[],
  what: string,
  ticket: number | undefined,
  unseen: readonly string[],
): SeraError {
  if (ticket !== undefined) {
    const none = `nobody at ${what} has the ticket ${ticket}; sera status ${what} lists them`
    return new SeraError('conflict', [none, ...unseen].join('. '))
  }
  const waiting = sights.flatMap(({ members }) => members).length
  const others = waiting === 0 ? '' : `; ${waiting} wait there, who can be broken with --ticket or --all`
  return new SeraError('conflict', [`nobody holds ${what}${others}`, ...unseen].join('. '))
}

/** So many are listed; the line is one. */
const LISTED = 5

function several(members: readonly Member[], what: string): SeraError {
  const listed = members.slice(0, LISTED).map(member => `${member.ticket ?? 'GET_LOCK'} (${whoIs(member)})`)
  const more = members.length > LISTED ? `, and ${members.length - LISTED} more` : ''
  return new SeraError(
    'conflict',
    `${what} is held by ${members.length}: say which with --ticket, or --all; tickets: ${listed.join(', ')}${more}`,
  )
}

/** The one who had it for longest, for reports. */
export function firstHolder({ sights }: Breakage): Member | undefined {
  return sights.flatMap(holders).toSorted((a, b) => (b.sinceMs ?? 0) - (a.sinceMs ?? 0))[0]
}
