/**
 * Events: a request waits until it matches others, and gets the payloads of all members of the match.
 *
 *     $ curl 'localhost:9989/event?event=coin&actor=customer&payload=2'
 *     {"payloads":{"customer":"2","machine":""}}
 *
 * Three tools did this before, with two interfaces. The gateway has both:
 *
 * - `/event` of syncnet and netsync: `event`, `actor`, `mates`.
 * - `/match` of netmatch: `key`, `count`, labels and a selector, and no actor.
 *
 * Both use the same rendezvous, and so do other gateways and `sera rendezvous`. A client that disconnects leaves at once. A
 * match that was written just before stands, because the other members get it; it is as if the client's answer was lost.
 *
 * An invalid request gets 400 and a line of text. The original tools answer 200.
 * @see https://github.com/siadat/netmatch
 */
import { type Context, Hono } from 'hono'
import { acquire } from '../../claims/acquire.js'
import type { OwnClaim } from '../../claims/own-claim.js'
import { type Owner, remoteOwner } from '../../claims/owner.js'
import type { ClaimSpec } from '../../claims/session.js'
import type { Deadline } from '../../deadline.js'
import { SeraError } from '../../errors.js'
import { checkCount, checkName, LONGEST_NAME } from '../../primitives/names.js'
import { type CandidateOptions, claimSpecOf, MOST_MATES, withActor } from '../../primitives/rendezvous/candidate.js'
import { type Match, matchOf, rendezvous } from '../../primitives/rendezvous/rendezvous.js'
import { formatLabels, type Labels } from '../../selector/labels.js'
import { limited } from '../http/body-limit.js'
import { clientOf } from '../http/client-address.js'
import { untilDisconnect, withinMs } from '../http/disconnect.js'
import type { Env } from '../http/env.js'
import type { Gateway } from '../http/gateway.js'
import { printed } from '../http/output.js'
import { failure } from '../http/problem.js'
import type { EventEntry } from '../log/entry.js'
import { type EventForm, formOf } from './event-form.js'
import { eventStats } from './event-stats.js'

/** How long a request to `/stats` waits for the database. */
const STATS_WITHIN_MS = 5000

/** One of the two interfaces. */
interface Interface {
  path: string
  /** The parameters of a request. */
  names: readonly string[]
  /** @throws SeraError usage */
  parse(form: EventForm): EventRequest
  answer(match: Match): object
}

interface EventRequest {
  event: string
  spec: ClaimSpec
}

const NETSYNC: Interface = {
  path: '/event',
  names: ['event', 'actor', 'payload', 'labels', 'selector', 'mates'],
  parse(form) {
    const like = 'expected /event?event=NAME&actor=NAME'
    const event = checkName('event', required('event', form.text('event'), like))
    const actor = required('actor', form.text('actor'), like)
    // given labels replace the default label `actor`
    const labels = form.labels() ?? withActor(actor, new Map())
    const selector = form.text('selector') ?? `actor!=${actor}`
    return { event, spec: specOf(form, { actor, labels, selector, mates: form.count('mates') }) }
  },
  /** By actor. Of two members with one name, the last counts. */
  answer({ members }) {
    const pairs = members.map(({ actor, payload }) => [actor, payload ?? ''] as const)
    return { payloads: Object.fromEntries(pairs.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) }
  },
}

const NETMATCH: Interface = {
  path: '/match',
  names: ['key', 'payload', 'labels', 'selector', 'count'],
  parse(form) {
    const like = 'expected key, labels and selector'
    const event = checkName('key', required('key', form.text('key'), like))
    const labels = required('labels', form.labels(), like)
    const selector = required('selector', form.text('selector'), like)
    const mates = checkCount('count', form.count('count') ?? 1, MOST_MATES, 0)
    return { event, spec: specOf(form, { actor: nameFrom(labels), labels, selector, mates }) }
  },
  answer({ members }) {
    return { requests: members.map(({ labels, payload }) => ({ labels, payload: payload ?? '' })) }
  },
}

export function events(gateway: Gateway): Hono<Env> {
  const app = new Hono<Env>()
  for (const { path, names, parse, answer } of [NETSYNC, NETMATCH]) {
    app.use(path, limited)
    app.on(['GET', 'POST'], path, async c => {
      const match = await meet(c, gateway, parse(await formOf(c, names)))
      return printed(c, answer(match))
    })
  }
  app.on(['GET', 'POST'], '/stats', async c => {
    const { signal } = c.req.raw
    const ask = (deadline: Deadline) => eventStats(gateway.tables, { ...deadline, signal })
    return printed(c, await withinMs(gateway.clock, STATS_WITHIN_MS, ask))
  })
  app.onError((error, c) => {
    const isMisuse = error instanceof SeraError && error.kind === 'usage'
    return isMisuse ? c.text(`${error.message}\n`, 400) : failure(error, c)
  })
  return app
}

function specOf(form: EventForm, candidate: CandidateOptions): ClaimSpec {
  return claimSpecOf({ ...candidate, payload: form.text('payload') ?? '' })
}

/** The actor of a request that names none. */
function nameFrom(labels: Labels): string {
  return [...(labels.get('actor') || formatLabels(labels))].slice(0, LONGEST_NAME).join('')
}

function required<T>(name: string, value: T | undefined, like: string): T {
  if (value !== undefined) return value
  throw new SeraError('usage', `empty ${name}: ${like}`)
}

async function meet(c: Context<Env>, gateway: Gateway, { event, spec }: EventRequest): Promise<Match> {
  const { session } = gateway
  const ask = { ...spec, owner: remoteOwner(clientOf(c), c.req.path) }
  const ownClaim = session.newClaim({ kind: 'rendezvous', name: event })
  const log = eventLog(ownClaim, ask, gateway)
  log({ what: 'came' })
  try {
    await untilDisconnect(c, gateway, 'rendezvous', signal =>
      acquire(session, ownClaim, ask, rendezvous(), { until: Number.POSITIVE_INFINITY, signal }),
    )
  } catch (error) {
    log({ what: 'left' })
    throw error
  }
  const match = matchOf(event, ownClaim.seen)
  log({ what: 'met', match: match.match, actors: match.members.map(({ actor }) => actor) })
  await session.leave(ownClaim).catch(() => {}) // the match is final; if this fails, the lease ends the claim
  return match
}

type EventFacts = Pick<EventEntry, 'what' | 'match' | 'actors'>

function eventLog(
  { id: request, key: { name: event } }: OwnClaim,
  { owner: { host: client }, tag: actor = '' }: ClaimSpec & { owner: Owner },
  { log, clock }: Gateway,
): (facts: EventFacts) => void {
  const arrivedAt = clock.now()
  return ({ what, ...rest }) => {
    const ms = Math.round(clock.now() - arrivedAt)
    log.write({ kind: 'event', what, request, client, event, actor, ms, ...rest })
  }
}
