/** An open row: the claims, the lanes of participants, and the last runs. */

import { rolesOf, whoIs } from './claim-text.js'
import { h } from './dom.js'
import { doing, lengthOf, nameOf, type Piece } from './format.js'
import { endingOf, outcomeText } from './interval.js'
import { lanes } from './lanes.js'
import type { ListRow } from './rows.js'
import type { Moment } from './scale.js'
import { type ClaimJson, isHeld } from './status.js'
import { nodesOf } from './time.js'
import type { Interval } from './timeline.js'

/** `sera status` shows the rest of a longer queue. */
const MOST_CLAIMS = 50
const MOST_RUNS = 12

export function details({ resource, intervals }: ListRow, moment: Moment): HTMLElement[] {
  const { at, now } = moment
  const { kind, name, claims } = resource
  const ended = intervals.filter(({ endedAt }) => endedAt !== undefined)
  return [
    ...(nameOf(resource) === name ? [] : [h('p', { class: 'full' }, name)]),
    ...(claims.length === 0 ? [] : [h('h3', {}, 'Now'), claimList(kind, claims, at, now)]),
    ...(intervals.length === 0 ? [] : [h('h3', {}, 'Timeline'), lanes(kind, intervals, moment)]),
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
      cell('since', ...nodesOf(since, now)),
      cell('who', whoIs(claim)),
      cell('runs', [...rolesOf(claim, kind), ...(claim.command ? [claim.command] : [])].join(' · ')),
      cell('number', claim.overdue ? 'expired' : numberOf(claim)),
    )
  })
  const more = claims.length - items.length
  return h('ol', { class: 'list claims' }, ...items, more > 0 ? h('li', { class: 'more' }, `${more} more`) : undefined)
}

/** Identifies the claim, for `sera break` and for logs. */
function numberOf({ token, ticket }: ClaimJson): string {
  return token !== undefined ? `token ${token}` : ticket !== undefined ? `ticket ${ticket}` : ''
}

function runList(ended: readonly Interval[], now: number): HTMLElement {
  const newest = ended.toSorted((a, b) => Number(b.endedAt) - Number(a.endedAt)).slice(0, MOST_RUNS)
  return h('ol', { class: 'list runs' }, ...newest.map(interval => runItem(interval, now)))
}

function runItem(interval: Interval, now: number): HTMLElement {
  const { who, command, requestedAt, grantedAt, endedAt = 0, outcome, exitCode } = interval
  const held = grantedAt === undefined ? '' : `, held ${lengthOf(endedAt - grantedAt)}`
  return h(
    'li',
    { class: endingOf(interval) },
    cell('does', outcome === undefined ? 'left' : outcomeText(outcome, exitCode)),
    cell('since', ...nodesOf([{ since: endedAt }, ' ago'], now)),
    cell('who', who),
    cell('runs', command),
    cell('number', `waited ${lengthOf((grantedAt ?? endedAt) - requestedAt)}${held}`),
  )
}

function cell(style: string, ...content: (Node | string)[]): HTMLElement {
  return h('span', { class: style }, ...content)
}
