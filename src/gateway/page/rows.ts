/** The rows of the page: their groups, their order, and the filter. */

import { holds, keyOf, longestWait, type ResourceJson, type Status, waits } from './status.js'
import type { Interval } from './timeline.js'

export type RowGroup = 'waiting' | 'held' | 'kept' | 'expired' | 'earlier'

/** One resource: its state now and its intervals. A resource of group `earlier` has intervals alone. */
export interface ListRow {
  key: string
  group: RowGroup
  resource: ResourceJson
  intervals: readonly Interval[]
}

export interface RowFilter {
  /** Words that must all occur. */
  text: string
  /** '': all kinds. */
  kind: string
  group: RowGroup | ''
}

/** In the server's order, which is by urgency, within each group. Finished resources are last, the newest first. */
export function rowsOf(status: Status, intervals: ReadonlyMap<string, readonly Interval[]>): ListRow[] {
  const present = status.resources.map((resource): ListRow => {
    const key = keyOf(resource)
    return { key, group: groupOf(resource), resource, intervals: intervals.get(key) ?? [] }
  })
  const known = new Set(present.map(({ key }) => key))
  const earlier = [...intervals]
    .filter(([key]) => !known.has(key))
    .map(([key, intervals]): ListRow => ({ key, group: 'earlier', resource: resourceOf(key), intervals }))
    .sort((a, b) => lastEnd(b) - lastEnd(a))
  return [...present, ...earlier]
}

function groupOf({ claims }: ResourceJson): RowGroup {
  if (claims.some(waits)) return 'waiting'
  if (claims.some(holds)) return 'held'
  return claims.length > 0 ? 'expired' : 'kept'
}

function resourceOf(key: string): ResourceJson {
  const [kind = ''] = key.split('/', 1)
  return { kind, name: key.slice(kind.length + 1), claims: [] }
}

function lastEnd({ intervals }: ListRow): number {
  return Math.max(0, ...intervals.map(({ endedAt = 0 }) => endedAt))
}

export function matches(row: ListRow, { text, kind, group }: RowFilter): boolean {
  if (kind !== '' && row.resource.kind !== kind) return false
  if (group !== '' && row.group !== group) return false
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const searched = words.length === 0 ? '' : searchTextOf(row)
  return words.every(word => searched.includes(word))
}

/** The text that the search covers. */
function searchTextOf({ resource: { kind, name, claims }, intervals }: ListRow): string {
  const people = claims.flatMap(({ host, pid, user, command, tag, labels }) => [host, pid, user, command, tag, labels])
  const before = intervals.flatMap(({ who, command }) => [who, command])
  return [kind, name, ...people, ...before].join('\n').toLowerCase()
}

interface Totals {
  held: number
  waiting: number
  /** The resource with the longest wait. */
  longest: { resource: ResourceJson; ms: number } | undefined
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
