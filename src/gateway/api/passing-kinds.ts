/**
 * The operations that end with their grant: the request body of each, and the fields of its answer.
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
  summary: string
  body: Body
  /** Beside kind and name. */
  answer: z.ZodRawShape
  /** @throws SeraError usage */
  request(body: z.infer<Body>): PrimitiveRequest
  facts?(claim: Claim | undefined, name: string): object
}

const wait = duration('How long the request waits; may be `forever`. Default: 30s. 0: try once', '5m')
const brief = z.strictObject({ label: label.optional() })
const patient = brief.extend({ wait: wait.optional() })

/** The cast is safe: a body is checked by the schema of its kind before `request` receives it. */
function kind<Body extends z.ZodType>(one: PassingKind<Body>): PassingKind {
  return one as unknown as PassingKind
}

const adding = kind({
  kind: 'counter',
  path: '/v1/counters/{name}/add',
  summary:
    'Adds at once; a negative delta waits until the value covers it. Send an Idempotency-Key, or a lost answer leaves you unsure',
  body: patient.extend({ delta: z.int().openapi({ example: -2 }) }),
  answer: { value: z.int() },
  request: ({ delta }) => counterRequest(delta),
  facts: claim => ({ value: Number(claim?.result) }),
})

const arriving = kind({
  kind: 'barrier',
  path: '/v1/barriers/{name}/arrive',
  summary: 'Waits until `count` participants have arrived',
  body: patient.extend({
    count,
    tag: name('tag')
      .optional()
      .openapi({ description: 'The name of the participant: it counts once, also when it arrives again' }),
    singleUse: z.boolean().optional().openapi({ description: 'An arrival after the barrier has opened gets 409' }),
    keep: duration('With singleUse: how long that is remembered. Default: forever', '30d').optional(),
  }),
  answer: { generation: z.int().openapi({ description: 'How many times the barrier has opened' }) },
  request: ({ keep, ...arrival }) =>
    barrierRequest({ ...arrival, keepMs: milliseconds(keep, Number.POSITIVE_INFINITY) }),
  facts: claim => ({ generation: claim?.generation }),
})

const closingGate = kind({
  kind: 'gate',
  path: '/v1/gates/{name}/close',
  summary: 'Closes the gate: later waits block until it is opened',
  body: brief.extend({ for: duration('When it opens by itself. Default: never', '2h').optional() }),
  answer: {},
  request: body => ({ ...closeRequest(milliseconds(body.for, Number.POSITIVE_INFINITY)), spec: { mode: 'close' } }),
})

const openingGate = kind({
  kind: 'gate',
  path: '/v1/gates/{name}/open',
  summary: 'Opens the gate for all waiters',
  body: brief,
  answer: {},
  request: () => ({ ...OPEN_REQUEST, spec: { mode: 'open' } }),
})

const waitingAtGate = kind({
  kind: 'gate',
  path: '/v1/gates/{name}/wait',
  summary: 'Waits until the gate is open',
  body: patient,
  answer: {},
  request: () => PASS_REQUEST,
})

const member = z.object({ actor: z.string(), labels: z.record(z.string(), z.string()), payload: z.string().nullable() })

const meeting = kind({
  kind: 'rendezvous',
  path: '/v1/rendezvous/{name}',
  summary: 'Waits for `mates` other participants; every two of a match accept each other',
  body: patient.extend({
    actor: name('actor').openapi({ description: 'The name of the participant' }),
    mates: z
      .int()
      .min(0)
      .max(MOST_MATES)
      .optional()
      .openapi({ description: 'How many others to meet at least. Default: 1' }),
    labels: z.record(z.string(), z.string()).optional().openapi({ description: 'As in Kubernetes' }),
    selector: z.string().optional().openapi({ description: 'The labels that it accepts. Default: `actor!=<actor>`' }),
    payload: z.string().optional().openapi({ description: 'Text for the others: at most 16 KiB' }),
  }),
  answer: { match: z.string(), members: z.array(member) },
  request: ({ labels = {}, ...candidate }) => rendezvousRequest({ ...candidate, labels: labelsFrom(labels) }),
  facts: (claim, event) => {
    const { match, members } = matchOf(event, claim)
    return { match, members }
  },
})

export const PASSING_KINDS = [adding, arriving, closingGate, openingGate, waitingAtGate, meeting]
