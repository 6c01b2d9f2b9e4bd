/** The summary of a rendezvous for a waiter: which participants match it, and why the others do not. */
import type { ClaimWithOwner } from '../../claims/model.js'
import type { ClaimSpec } from '../../claims/session.js'
import { accept, type Candidate, candidateOf } from '../../primitives/rendezvous/candidate.js'
import { unmet } from '../../selector/matches.js'
import { formatRequirement, formatSelector } from '../../selector/selector.js'
import { listed, nameOf, type QueueSummary } from './queue-summary.js'

interface NamedCandidate extends Candidate {
  name: string
}

/** The waiters that match the own claim, the longest waiter first, and why the others do not match. */
interface Partition {
  party: readonly NamedCandidate[]
  misfits: readonly string[]
}

/**
 * For example `2 of 3 here (web-1): waiting for one more that matches role=db; db-2 requires zone=b`
 *
 * The argument is the own request.
 */
export function rendezvousSummary({ labels, selector, units = 1 }: ClaimSpec): QueueSummary {
  const me = { name: 'me', ...(candidateOf({ labels, selector, units }) as Candidate) }
  return (claims, mine) => () => {
    const others = claims.filter(({ id, state }) => id !== mine && state === 'waiting')
    const { party, misfits } = others.reduce(joined, { party: [me], misfits: [] })
    const wanted = Math.max(...party.map(({ mates }) => mates)) + 1
    const here = party.length === 1 ? '' : ` (${listed(party.slice(1).map(({ name }) => name))})`
    const why = misfits.length === 0 ? '' : `; ${listed(misfits)}`
    return `${party.length} of ${wanted} here${here}: ${missing(wanted - party.length, me)}${why}`
  }
}

function joined({ party, misfits }: Partition, claim: ClaimWithOwner): Partition {
  const name = nameOf(claim)
  const candidate = candidateOf(claim)
  const reason = candidate ? objection(party, candidate, claim) : 'has labels or a selector that this sera can’t read'
  if (reason !== undefined) return { party, misfits: [...misfits, `${name} ${reason}`] }
  return { party: [...party, { name, ...(candidate as Candidate) }], misfits }
}

function objection(
  party: readonly NamedCandidate[],
  candidate: Candidate,
  { overdueMs }: ClaimWithOwner,
): string | undefined {
  const [me, ...company] = party as [NamedCandidate, ...NamedCandidate[]]
  const [wanted, wants] = [unmet(me.selector, candidate.labels), unmet(candidate.selector, me.labels)]
  if (overdueMs > 0) return 'has not renewed its lease'
  if (wanted) return `does not match ${formatRequirement(wanted)}`
  if (wants) return `requires ${formatRequirement(wants)}`
  const other = company.find(one => !accept(one, candidate))
  return other && `does not match ${other.name}`
}

function missing(count: number, { selector }: Candidate): string {
  if (count <= 0) return 'complete'
  const which = selector.length === 0 ? '' : ` that ${count === 1 ? 'matches' : 'match'} ${formatSelector(selector)}`
  return `waiting for ${count === 1 ? 'one' : count} more${which}`
}
