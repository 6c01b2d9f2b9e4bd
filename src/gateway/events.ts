/**
 * Events, as syncnet has them: `GET /event` waits until those who suit each other are there, and tells them who came.
 *
 *     $ curl 'localhost:9989/event?event=coin&actor=customer&payload=2'
 *     {"payloads":{"customer":"2","machine":""}}
 *
 * All are at the same rendezvous, those of other gateways and of `sera rendezvous` too. Who hangs up is gone at once.
 * Only a match that was written before, in the same moment perhaps, stands, as a match is final: the others learn of it.
 * Then the one who hung up has met them and does not know, as if the answer had been lost on its way.
 *
 * Where syncnet answers 200 to what it can't understand, the status here is 400; the answer is a line of text as there.
 * @see https://github.com/siadat/netmatch (syncnet until January 2020)
 */
import { type Context, Hono } from 'hono'
import { SeraError } from '../errors.js'
import { checkName } from '../primitives/names.js'
import type { Ask } from '../primitives/participant.js'
import type { Place } from '../primitives/place.js'
import { type Match, matchOf, rendezvous } from '../primitives/rendezvous.js'
import { takeTurn } from '../primitives/turn.js'
import { askOf, checkPayload, withActor } from '../primitives/visitor.js'
import { parseLabels } from '../selector/labels.js'
import type { Patience } from '../store/claims.js'
import { guest, type Owner } from '../store/owner.js'
import { clientOf } from './client.js'
import type { Env } from './env.js'
import { eventStats } from './event-stats.js'
import type { Gateway } from './gateway.js'
import type { EventEntry } from './log.js'
import { printed } from './output.js'
import { promptly, whileHere } from './patience.js'
import { failure } from './problem.js'

/** What a scrape of `/stats` is willing to wait. */
const STATS_WITHIN_MS = 5000

export function events(gateway: Gateway): Hono<Env> {
  const app = new Hono<Env>()
  app.on(['GET', 'POST'], '/event', async c => {
    const visit = visitOf(c)
    const match = await meet(c, gateway, visit)
    return printed(c, { payloads: payloadsOf(match) })
  })
  app.on(['GET', 'POST'], '/stats', async c => {
    const { signal } = c.req.raw
    const ask = (patience: Patience) => eventStats(gateway.tables, { ...patience, signal })
    return printed(c, await promptly(gateway.clock, STATS_WITHIN_MS, ask))
  })
  app.onError((error, c) => {
    const isMisuse = error instanceof SeraError && error.kind === 'usage'
    return isMisuse ? c.text(`${error.message}\n`, 400) : failure(error, c)
  })
  return app
}

interface Visit {
  event: string
  ask: Ask
}

/** What is given empty is not given; labels that are given take the place of `actor`. @throws SeraError usage */
function visitOf(c: Context<Env>): Visit {
  const given = (name: string) => c.req.query(name) || undefined
  const event = checkName('event', required('event', given('event')))
  const actor = required('actor', given('actor'))
  const labels = given('labels')
  const ask = askOf({
    actor,
    mates: matesOf(given('mates')),
    labels: labels === undefined ? withActor(actor, new Map()) : parseLabels(labels),
    selector: given('selector') ?? `actor!=${actor}`,
  })
  return { event, ask: { ...ask, payload: checkPayload(given('payload') ?? '') } }
}

function required(name: string, value: string | undefined): string {
  if (value !== undefined) return value
  throw new SeraError('usage', `empty ${name}: expected /event?event=NAME&actor=NAME`)
}

function matesOf(text: string | undefined): number | undefined {
  if (text === undefined || /^[+-]?\d+$/.test(text)) return text === undefined ? undefined : Number(text)
  throw new SeraError('usage', 'mates must be int')
}

async function meet(c: Context<Env>, gateway: Gateway, { event, ask: wish }: Visit): Promise<Match> {
  const { participant } = gateway
  const ask = { ...wish, owner: guest(clientOf(c), '/event') }
  const place = participant.place({ kind: 'rendezvous', name: event })
  const tell = storyOf(place, ask, gateway)
  tell({ what: 'came' })
  try {
    await whileHere(c, gateway, 'rendezvous', signal =>
      takeTurn(participant, place, ask, rendezvous(), { until: Number.POSITIVE_INFINITY, signal }),
    )
  } catch (error) {
    tell({ what: 'left' })
    throw error
  }
  const match = matchOf(event, place.claim)
  tell({ what: 'met', match: match.match, actors: match.members.map(({ actor }) => actor) })
  await participant.leave(place).catch(() => {}) // who has met has met; the claim's lease ends it, too
  return match
}

type Chapter = Pick<EventEntry, 'what' | 'match' | 'actors'>

function storyOf(
  { id: request, key: { name: event } }: Place,
  { owner: { host: client }, tag: actor = '' }: Ask & { owner: Owner },
  { log, clock }: Gateway,
): (chapter: Chapter) => void {
  const cameAt = clock.now()
  return ({ what, ...rest }) => {
    const ms = Math.round(clock.now() - cameAt)
    log.write({ kind: 'event', what, request, client, event, actor, ms, ...rest })
  }
}

/** By actor, as syncnet has them: of two with one name, the last. */
function payloadsOf({ members }: Match): Record<string, string> {
  const pairs = members.map(({ actor, payload }) => [actor, payload ?? ''] as const)
  return Object.fromEntries(pairs.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}
