/** What the page lists, in which order, and what of it is asked for. */

import { holds, keyOf, longestWait, type ResourceJson, type Status, waits } from './status.js'
import type { Interval } from './timeline.js'

export type RowGroup = 'waiting' | 'held' | 'kept' | 'expired' | 'earlier'

/** One resource: as it is now, if it is, and what has gone on there. */
export interface ListRow {
  key: string
  group: RowGroup
  resource: ResourceJson
  intervals: readonly Interval[]
}

export interface Wish {
  /** Words that must all be there. */
  text: string
  /** '' is any. */
  kind: string
  group: RowGroup | ''
}

/** In the server's order, which is by urgency, within each group; what is over comes last, the newest first. */
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

export function isWished(row: ListRow, { text, kind, group }: Wish): boolean {
  if (kind !== '' && row.resource.kind !== kind) return false
  if (group !== '' && row.group !== group) return false
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const said = words.length === 0 ? '' : wordsOf(row)
  return words.every(word => said.includes(word))
}

/** All that a row can be found by. */
function wordsOf({ resource: { kind, name, claims }, intervals }: ListRow): string {
  const people = claims.flatMap(({ host, pid, user, command, tag, labels }) => [host, pid, user, command, tag, labels])
  const before = intervals.flatMap(({ who, command }) => [who, command])
  return [kind, name, ...people, ...before].join('\n').toLowerCase()
}

interface Totals {
  held: number
  waiting: number
  /** Where somebody has waited longest, and for how long. */
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
