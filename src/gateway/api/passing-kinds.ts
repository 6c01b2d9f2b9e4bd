/**
 * What clients do together while they stay connected: the request of each, and the facts of the answer.
 */
import { z } from '@hono/zod-openapi'
import type { Claim } from '../../claims/model.js'
import { barrierRequest } from '../../primitives/barrier.js'
import { counterRequest } from '../../primitives/counter.js'
import { closeRequest, OPEN_REQUEST, PASS_REQUEST } from '../../primitives/gate.js'
import type { Kind } from '../../primitives/names.js'
import type { PrimitiveRequest } from '../../primitives/primitive.js'
import { MOST_MATES } from '../../primitives/rendezvous/candidate.js'
import { matchOf, rendezvousRequest } from '../../primitives/rendezvous/rendezvous.js'
import { labelsFrom } from '../../selector/labels.js'
import { count, duration, label, milliseconds, name } from './schemas.js'

export interface PassingKind<Body extends z.ZodType = z.ZodType> {
  kind: Kind
  path: string
  says: string
  body: Body
  /** Besides kind and name. */
  answer: z.ZodRawShape
  /** @throws SeraError usage */
  request(body: z.infer<Body>): PrimitiveRequest
  facts?(claim: Claim | undefined, name: string): object
}

const wait = duration('How long the request waits: 30s when absent; may be `forever`. 0: it tries', '5m')
const brief = z.strictObject({ label: label.optional() })
const patient = brief.extend({ wait: wait.optional() })

/** A body is checked by its own schema before its `request` sees it. */
function kind<Body extends z.ZodType>(one: PassingKind<Body>): PassingKind {
  return one as unknown as PassingKind
}

const adding = kind({
  kind: 'counter',
  path: '/v1/counters/{name}/add',
  says: 'Adds at once; to take waits until the value covers it. Give a key, or a lost answer leaves you unsure',
  body: patient.extend({ delta: z.int().openapi({ example: -2 }) }),
  answer: { value: z.int() },
  request: ({ delta }) => counterRequest(delta),
  facts: claim => ({ value: Number(claim?.result) }),
})

const arriving = kind({
  kind: 'barrier',
  path: '/v1/barriers/{name}/arrive',
  says: 'Waits until so many have arrived; then all go',
  body: patient.extend({
    count,
    tag: name('tag').optional().openapi({ description: 'Who arrives: counts once, also when it asks again' }),
    singleUse: z
      .boolean()
      .optional()
      .openapi({ description: 'A later arrival, after the parties have gone, gets 409' }),
    keep: duration('With singleUse: for how long that is remembered; forever when absent', '30d').optional(),
  }),
  answer: { generation: z.int().openapi({ description: 'How many times it has let its parties go' }) },
  request: ({ keep, ...arrival }) =>
    barrierRequest({ ...arrival, keepMs: milliseconds(keep, Number.POSITIVE_INFINITY) }),
  facts: claim => ({ generation: claim?.generation }),
})

const closingGate = kind({
  kind: 'gate',
  path: '/v1/gates/{name}/close',
  says: 'Holds up whoever waits at it from now on',
  body: brief.extend({ for: duration('Until it opens by itself: forever when absent', '2h').optional() }),
  answer: {},
  request: body => ({ ...closeRequest(milliseconds(body.for, Number.POSITIVE_INFINITY)), spec: { mode: 'close' } }),
})

const openingGate = kind({
  kind: 'gate',
  path: '/v1/gates/{name}/open',
  says: 'Lets all go who wait at it',
  body: brief,
  answer: {},
  request: () => ({ ...OPEN_REQUEST, spec: { mode: 'open' } }),
})

const waitingAtGate = kind({
  kind: 'gate',
  path: '/v1/gates/{name}/wait',
  says: 'Waits until it is open',
  body: patient,
  answer: {},
  request: () => PASS_REQUEST,
})

const member = z.object({ actor: z.string(), labels: z.record(z.string(), z.string()), payload: z.string().nullable() })

const meeting = kind({
  kind: 'rendezvous',
  path: '/v1/rendezvous/{name}',
  says: 'Waits until as many others are there as all of them want to meet, every two of whom accept each other',
  body: patient.extend({
    actor: name('actor').openapi({ description: 'Who comes' }),
    mates: z
      .int()
      .min(0)
      .max(MOST_MATES)
      .optional()
      .openapi({ description: 'How many others at least: 1 when absent' }),
    labels: z.record(z.string(), z.string()).optional().openapi({ description: 'As in Kubernetes' }),
    selector: z.string().optional().openapi({ description: 'Whom it accepts: `actor!=<actor>` when absent' }),
    payload: z.string().optional().openapi({ description: 'What the others are told: at most 16 KiB' }),
  }),
  answer: { match: z.string(), members: z.array(member) },
  request: ({ labels = {}, ...candidate }) => rendezvousRequest({ ...candidate, labels: labelsFrom(labels) }),
  facts: (claim, event) => {
    const { match, members } = matchOf(event, claim)
    return { match, members }
  },
})

export const PASSING_KINDS = [adding, arriving, closingGate, openingGate, waitingAtGate, meeting]
