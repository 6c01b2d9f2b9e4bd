/** Where stays at one resource touch: one lets go and another goes on, or several meet. */
import type { Stay } from './chronicle.js'
import { MEETINGS } from './words.js'

interface Join {
  at: number
  members: readonly Stay[]
}

/** A hand-over takes no longer, as far as the page can tell, which looks once a second. */
const HANDOVER_MS = 3000

export function joinsOf(kind: string, stays: readonly Stay[]): Join[] {
  return MEETINGS.includes(kind) ? meetings(stays) : handOvers(stays)
}

/** Who waited, and went on when another let go. */
function handOvers(stays: readonly Stay[]): Join[] {
  return stays.flatMap(next => {
    const at = next.grantedAt
    if (at === undefined || at - next.requestedAt < 1) return []
    const before = stays.filter(({ endedAt, grantedAt }) => grantedAt !== undefined && isJust(endedAt, at))
    const [last] = before.sort((a, b) => Number(b.endedAt) - Number(a.endedAt)).filter(stay => stay !== next)
    return last ? [{ at, members: [last, next] }] : []
  })
}

/** A clock that was read a little late is no reason to miss one. */
function isJust(endedAt: number | undefined, at: number): boolean {
  return endedAt !== undefined && endedAt > at - HANDOVER_MS && endedAt <= at + HANDOVER_MS / 2
}

/** Those who went on at the same moment. */
function meetings(stays: readonly Stay[]): Join[] {
  const moments = stays.flatMap(stay => {
    const at = stay.grantedAt ?? (stay.outcome === 'done' || stay.outcome === undefined ? stay.endedAt : undefined)
    return at === undefined ? [] : [{ at, stay }]
  })
  const joins: { at: number; members: Stay[] }[] = []
  for (const { at, stay } of moments.sort((a, b) => a.at - b.at)) {
    const last = joins.at(-1)
    if (last && at - last.at < 1000) last.members.push(stay)
    else joins.push({ at, members: [stay] })
  }
  return joins.filter(({ members }) => members.length > 1)
}
