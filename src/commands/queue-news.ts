/** Who holds, who waits and who is still missing at a resource of the lock tables, for a person who waits there. */
import type { Contender } from '../store/claims.js'
import { describeHolder, type Whoever } from './report.js'
import { type News, sinceThen } from './waiting-line.js'

/** What to say of the claims at a resource, read at `readAt` (monotonic ms); `mine` is the own claim's id. */
export type QueueNews = (contenders: readonly Contender[], mine: string, readAt: number) => News

/** At what is held: the own place, and who is in the way. */
export const queueNews: QueueNews = (contenders, mine, readAt) => now => {
  const holders = contenders.filter(({ state }) => state === 'granted')
  return [placeInQueue(contenders, mine), heldBy(holders, now - readAt)].filter(Boolean).join(', ')
}

/** At a counter, which nobody holds. */
export const counterNews: QueueNews = (contenders, mine) => () => {
  const place = placeInQueue(contenders, mine)
  return place === '' || place === NEXT ? 'its value does not cover that' : place
}

/** At a barrier of `count`: who has come. */
export function arrivalNews(count: number): QueueNews {
  return (contenders, mine) => () => {
    const others = contenders.filter(({ id, state }) => state === 'waiting' && id !== mine)
    const missing = Math.max(0, count - others.length - 1)
    return `${missing} of ${count} missing, ${others.length === 0 ? 'nobody else is here' : `here: ${listed(others.map(nameOf))}`}`
  }
}

/** At a double barrier, which lets nobody in while a round runs. */
export function entranceNews(count: number): QueueNews {
  return (contenders, mine, readAt) => now => {
    const running = longestFirst(contenders.filter(({ state }) => state === 'granted'))
    if (!running[0]) return arrivalNews(count)(contenders, mine, readAt)(now)
    return `a round has been running for ${sinceThen(running[0].sinceMs + now - readAt)}: ${listed(running.map(nameOf))}`
  }
}

/** After a double barrier's command: who has not finished. */
export function departureNews(generation: number | undefined): QueueNews {
  return (contenders, mine) => () => {
    const atWork = contenders.filter(one => one.state === 'granted' && one.generation === generation && one.id !== mine)
    return atWork.length === 0 ? 'all have finished' : `still at work: ${listed(atWork.map(nameOf))}`
  }
}

/** At a gate: nobody owns it, so there is only company to tell of. */
export const gateNews: QueueNews = (contenders, mine) => () => {
  const others = contenders.filter(({ id, state }) => id !== mine && state === 'waiting').length
  return others === 0 ? 'it is closed' : `it is closed, ${others} more wait`
}

/** The one who has had it for longest. */
export function firstHolder(contenders: readonly Contender[]): Whoever | undefined {
  const [holder] = longestFirst(contenders.filter(({ state }) => state === 'granted'))
  return holder && { host: holder.host, pid: holder.pid, command: holder.command }
}

function heldBy(holders: readonly Contender[], passedMs: number): string {
  const [first, ...more] = longestFirst(holders)
  if (!first) return ''
  return `held for ${sinceThen(first.sinceMs + passedMs)} by ${describeHolder(first)}${andMore(more.length)}`
}

function longestFirst(contenders: readonly Contender[]): Contender[] {
  return contenders.toSorted((a, b) => b.sinceMs - a.sinceMs)
}

/** Short, as who is in the way matters more and a terminal may be narrow. */
const NEXT = 'next'

function placeInQueue(contenders: readonly Contender[], mine: string): string {
  const at = contenders.filter(({ state }) => state === 'waiting').findIndex(({ id }) => id === mine)
  return at === -1 ? '' : at === 0 ? NEXT : `${ordinal(at + 1)} in line`
}

/** So many are named; the line is short. */
const NAMED = 3

export function listed(names: readonly string[]): string {
  return `${names.slice(0, NAMED).join(', ')}${andMore(names.length - NAMED)}`
}

export function nameOf({ tag, host, pid }: Contender): string {
  return tag ?? `${host} pid ${pid}`
}

function andMore(count: number): string {
  return count > 0 ? ` and ${count} more` : ''
}

function ordinal(n: number): string {
  const ending = n % 100 >= 11 && n % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')
  return `${n}${ending}`
}
