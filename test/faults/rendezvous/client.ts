/**
 * A process with candidates, controlled by messages from the harness. On a `ClientOrder` that many candidates arrive at
 * the event, and it answers `arrived`. On `leave`, sent when the candidates of all processes have arrived, it answers
 * with their results.
 */

import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { acquire } from '../../../src/claims/acquire.js'
import { Session } from '../../../src/claims/session.js'
import { systemClock, systemRandom } from '../../../src/clock.js'
import { claimSpecOf } from '../../../src/primitives/rendezvous/candidate.js'
import { matchOf, rendezvous } from '../../../src/primitives/rendezvous/rendezvous.js'
import { parseLabels } from '../../../src/selector/labels.js'
import { lockTables } from '../../support/lock-tables.js'

export interface ClientOrder {
  event: string
  candidates: number
}

export interface ClientFate {
  actor: string
  /** Its place in the order of arrival. */
  ticket: number
  labels: string
  selector: string
  mates: number
  /** The actors of its rendezvous, including itself; undefined without a rendezvous. */
  met: string[] | undefined
  match: string | undefined
}

const ROLES = ['web', 'db', 'cache']
const SELECTORS = [
  '',
  '',
  '',
  '',
  '',
  'role=web',
  'role=db',
  'role!=cache',
  'role in (web,cache)',
  'zone',
  '!zone',
  'zone>2',
  'zone<4',
]

const session = open(process.argv[2] ?? '')
let leave = new AbortController()
let fates: Promise<ClientFate[]> = Promise.resolve([])

process.on('message', async (message: ClientOrder | 'leave') => {
  if (message === 'leave') {
    leave.abort(new Error('the round has ended'))
    process.send?.(await fates)
    return
  }
  leave = new AbortController()
  setMaxListeners(0, leave.signal)
  const arrivals = Array.from({ length: message.candidates }, (_, index) =>
    arrive(message.event, `${process.pid}-${index}`),
  )
  fates = Promise.all(arrivals.map(({ fate }) => fate))
  await Promise.all(arrivals.map(({ arrived }) => arrived))
  process.send?.('arrived')
})
process.on('disconnect', () => process.exit())

function arrive(event: string, actor: string): { arrived: Promise<void>; fate: Promise<ClientFate> } {
  const labels = `role=${pick(ROLES)}${Math.random() < 0.5 ? '' : `,zone=${whole(1, 5)}`}`
  const [selector, mates] = [pick(SELECTORS), whole(1, 4)]
  const spec = claimSpecOf({ actor, mates, labels: parseLabels(labels), selector })
  const ownClaim = session.newClaim({ kind: 'rendezvous', name: event })
  let ticket = 0
  const arrived = (async () => {
    for (; !ownClaim.seen; await sleep(5));
    ticket = ownClaim.seen.ticket
  })()
  const start = async () => {
    await sleep(30 * Math.random())
    const wait = { until: Number.POSITIVE_INFINITY, signal: leave.signal }
    return await acquire(session, ownClaim, spec, rendezvous(), wait).catch(error => {
      if (leave.signal.aborted) return undefined
      throw error
    })
  }
  const fate = start().then(async found => {
    await arrived
    const match = found && matchOf(event, found.seen)
    if (found) await session.leave(found)
    const met = match?.members.map(one => one.actor)
    return { actor, ticket, labels, selector, mates, met, match: match?.match }
  })
  return { arrived, fate }
}

function pick(from: readonly string[]): string {
  return from[whole(0, from.length - 1)] as string
}

function whole(least: number, most: number): number {
  return least + Math.floor((most - least + 1) * Math.random())
}

function open(dsn: string): Session {
  return new Session(lockTables([dsn]), {
    clock: systemClock,
    random: systemRandom,
    leaseMs: 60_000,
    graceMs: 0,
    maxClockSkewMs: 30_000,
  })
}
