/**
 * The participants that wait at events, at all gateways and hosts, in the format of syncnet's `/stats`: by event, actor and
 * request. Claims whose lease has run out are left out: they can't meet.
 */

import type { ClaimWithOwner } from '../../claims/model.js'
import type { Deadline } from '../../deadline.js'
import { candidateOf } from '../../primitives/rendezvous/candidate.js'
import { readSnapshot, type StoreSnapshot } from '../../store/snapshot.js'
import type { LockTables } from '../../store/tables/lock-tables.js'

interface WaitingRequest {
  params: {
    event: string
    actor: string
    payload: string
    labels: Record<string, string>
    selector: string
    mates: number
  }
  created_at: Date
}

export type EventStats = Record<string, Record<string, Record<string, WaitingRequest>>>

/** @throws SeraError lock-failed; the signal's reason */
export async function eventStats(tables: LockTables, deadline: Deadline): Promise<EventStats> {
  const wanted = { kind: 'rendezvous', getLocks: undefined, payloads: true }
  return statsOf(await readSnapshot(tables.client, wanted, deadline))
}

/** Pure. Claims that can't be parsed are left out, too. */
function statsOf({ resources, now }: Pick<StoreSnapshot, 'resources' | 'now'>): EventStats {
  const stats: Tree = new Map()
  for (const { key, claims } of resources) {
    for (const claim of claims) {
      const waiting = waitingAt(key.name, claim, now)
      if (waiting) branch(branch(stats, key.name), waiting.params.actor).set(claim.id, waiting)
    }
  }
  return plain(stats) as EventStats
}

function waitingAt(event: string, claim: ClaimWithOwner, now: number): WaitingRequest | undefined {
  const candidate = candidateOf(claim)
  if (!candidate || claim.state !== 'waiting' || claim.overdueMs > 0) return undefined
  const { tag: actor = '', payload = '', selector = '' } = claim
  const labels = Object.fromEntries(candidate.labels)
  const params = { event, actor, payload, labels, selector, mates: candidate.mates }
  return { params, created_at: new Date(now / 1000 - claim.sinceMs) }
}

type Tree = Map<string, Tree | WaitingRequest>

function branch(tree: Tree, name: string): Tree {
  const found = tree.get(name)
  if (found instanceof Map) return found
  const made: Tree = new Map()
  tree.set(name, made)
  return made
}

/** Sorted, as in syncnet. */
function plain(tree: Tree): object {
  const pairs = [...tree].map(([name, value]) => [name, value instanceof Map ? plain(value) : value] as const)
  return Object.fromEntries(pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
