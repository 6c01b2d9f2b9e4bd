/** What the page lists, in which order, and what of it is asked for. */
import type { Stay } from './chronicle.js'
import { holds, keyOf, longestWait, type Resource, type Status, waits } from './status.js'

export type Group = 'waiting' | 'held' | 'kept' | 'expired' | 'earlier'

/** One resource: as it is now, if it is, and what has gone on there. */
export interface Row {
  key: string
  group: Group
  resource: Resource
  stays: readonly Stay[]
}

export interface Wish {
  /** Words that must all be there. */
  text: string
  /** '' is any. */
  kind: string
  group: Group | ''
}

/** In the server's order, which is by urgency, within each group; what is over comes last, the newest first. */
export function rowsOf(status: Status, stays: ReadonlyMap<string, readonly Stay[]>): Row[] {
  const present = status.resources.map((resource): Row => {
    const key = keyOf(resource)
    return { key, group: groupOf(resource), resource, stays: stays.get(key) ?? [] }
  })
  const known = new Set(present.map(({ key }) => key))
  const earlier = [...stays]
    .filter(([key]) => !known.has(key))
    .map(([key, stays]): Row => ({ key, group: 'earlier', resource: resourceOf(key), stays }))
    .sort((a, b) => lastEnd(b) - lastEnd(a))
  return [...present, ...earlier]
}

function groupOf({ claims }: Resource): Group {
  if (claims.some(waits)) return 'waiting'
  if (claims.some(holds)) return 'held'
  return claims.length > 0 ? 'expired' : 'kept'
}

function resourceOf(key: string): Resource {
  const [kind = ''] = key.split('/', 1)
  return { kind, name: key.slice(kind.length + 1), claims: [] }
}

function lastEnd({ stays }: Row): number {
  return Math.max(0, ...stays.map(({ endedAt = 0 }) => endedAt))
}

export function isWished(row: Row, { text, kind, group }: Wish): boolean {
  if (kind !== '' && row.resource.kind !== kind) return false
  if (group !== '' && row.group !== group) return false
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const said = words.length === 0 ? '' : wordsOf(row)
  return words.every(word => said.includes(word))
}

/** All that a row can be found by. */
function wordsOf({ resource: { kind, name, claims }, stays }: Row): string {
  const people = claims.flatMap(({ host, pid, user, command, tag, labels }) => [host, pid, user, command, tag, labels])
  const before = stays.flatMap(({ who, command }) => [who, command])
  return [kind, name, ...people, ...before].join('\n').toLowerCase()
}

interface Totals {
  held: number
  waiting: number
  /** Where somebody has waited longest, and for how long. */
  longest: { resource: Resource; ms: number } | undefined
}

export function totalsOf({ resources }: Status): Totals {
  const claims = resources.flatMap(({ claims }) => claims)
  const longestWaits = resources.flatMap(resource => {
    const ms = longestWait(resource)
    return ms === undefined ? [] : [{ resource, ms }]
  })
  const [longest] = longestWaits.sort((a, b) => b.ms - a.ms)
  return { held: claims.filter(holds).length, waiting: claims.filter(waits).length, longest }
}
