/** What an opened row shows: who is there, who was there in lanes, and the last runs as a list. */

import { MEETINGS, rolesOf, whoIs } from './claim-text.js'
import { h } from './dom.js'
import { doing, lengthOf, nameOf, type Piece } from './format.js'
import { endingOf, outcomeText } from './interval.js'
import { lanes } from './lanes.js'
import type { ListRow } from './rows.js'
import type { Moment } from './scale.js'
import { type ClaimJson, isHeld } from './status.js'
import { said } from './time.js'
import type { Interval } from './timeline.js'

/** Whoever wants to see more of a queue asks `sera status`. */
const MOST_CLAIMS = 50
const MOST_RUNS = 12

export function details({ resource, intervals }: ListRow, moment: Moment): HTMLElement[] {
  const { at, now } = moment
  const { kind, name, claims } = resource
  const ended = intervals.filter(({ endedAt }) => endedAt !== undefined)
  return [
    ...(nameOf(resource) === name ? [] : [h('p', { class: 'full' }, name)]),
    ...(claims.length === 0 ? [] : [h('h3', {}, 'Now'), claimList(kind, claims, at, now)]),
    ...(intervals.length === 0
      ? []
      : [h('h3', {}, MEETINGS.includes(kind) ? 'Who came when' : 'Who had it when'), lanes(kind, intervals, moment)]),
    ...(ended.length === 0 ? [] : [h('h3', {}, 'Last runs'), runList(ended, now)]),
  ]
}

function claimList(kind: string, claims: readonly ClaimJson[], at: number, now: number): HTMLElement {
  const waiting = claims.filter(claim => !isHeld(claim))
  const items = claims.slice(0, MOST_CLAIMS).map(claim => {
    const since: Piece[] = claim.sinceMs === undefined ? [] : [{ since: at - claim.sinceMs }]
    const style = claim.overdue ? 'dead' : isHeld(claim) ? 'has' : 'waits'
    return h(
      'li',
      { class: style },
      cell('does', doing(kind, claim, waiting.indexOf(claim) + 1)),
      cell('since', ...said(since, now)),
      cell('who', whoIs(claim)),
      cell('runs', [...rolesOf(claim, kind), ...(claim.command ? [claim.command] : [])].join(' · ')),
      cell('number', claim.overdue ? 'expired' : numberOf(claim)),
    )
  })
  const more = claims.length - items.length
  return h('ol', { class: 'list claims' }, ...items, more > 0 ? h('li', { class: 'more' }, `${more} more`) : undefined)
}

/** What tells this claim from others: to break it by, or to find in a log. */
function numberOf({ token, ticket }: ClaimJson): string {
  return token !== undefined ? `token ${token}` : ticket !== undefined ? `ticket ${ticket}` : ''
}

function runList(ended: readonly Interval[], now: number): HTMLElement {
  const newest = ended.toSorted((a, b) => Number(b.endedAt) - Number(a.endedAt)).slice(0, MOST_RUNS)
  return h('ol', { class: 'list runs' }, ...newest.map(interval => runItem(interval, now)))
}

function runItem(interval: Interval, now: number): HTMLElement {
  const { who, command, requestedAt, grantedAt, endedAt = 0, outcome, exitCode } = interval
  const had = grantedAt === undefined ? '' : `, had it ${lengthOf(endedAt - grantedAt)}`
  return h(
    'li',
    { class: endingOf(interval) },
    cell('does', outcome === undefined ? 'has gone' : outcomeText(outcome, exitCode)),
    cell('since', ...said([{ since: endedAt }, ' ago'], now)),
    cell('who', who),
    cell('runs', command),
    cell('number', `waited ${lengthOf((grantedAt ?? endedAt) - requestedAt)}${had}`),
  )
}

function cell(style: string, ...content: (Node | string)[]): HTMLElement {
  return h('span', { class: style }, ...content)
}
