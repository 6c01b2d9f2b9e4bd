/**
 * What clients do together while they stay connected: what is asked of each, how it is waited for, and what is told.
 */
import { z } from '@hono/zod-openapi'
import type { WaitPolicy } from '../../claims/acquire.js'
import type { Claim } from '../../claims/model.js'
import type { ClaimSpec } from '../../claims/session.js'
import { barrier } from '../../primitives/barrier.js'
import { COUNTER } from '../../primitives/counter.js'
import { closing, gate, opening, passing } from '../../primitives/gate.js'
import type { Kind } from '../../primitives/names.js'
import { checkPayload, claimSpecOf, MOST_MATES, withActor } from '../../primitives/rendezvous/candidate.js'
import { matchOf, rendezvous } from '../../primitives/rendezvous/rendezvous.js'
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
  turn(body: z.infer<Body>): { spec: ClaimSpec; policy: WaitPolicy }
  told?(claim: Claim | undefined, name: string): object
}

const wait = duration('How long the request waits: 30s when absent; may be `forever`. 0: it tries', '5m')
const brief = z.strictObject({ label: label.optional() })
const patient = brief.extend({ wait: wait.optional() })

/** A body is checked by its own schema before its `turn` sees it. */
function kind<Body extends z.ZodType>(one: PassingKind<Body>): PassingKind {
  return one as unknown as PassingKind
}

const adding = kind({
  kind: 'counter',
  path: '/v1/counters/{name}/add',
  says: 'Adds at once; to take waits until the value covers it. Give a key, or a lost answer leaves you unsure',
  body: patient.extend({ delta: z.int().openapi({ example: -2 }) }),
  answer: { value: z.int() },
  turn: ({ delta }) => ({ spec: { units: delta }, policy: COUNTER }),
  told: claim => ({ value: Number(claim?.result) }),
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
  turn: ({ count, tag, singleUse, keep }) => ({
    spec: { ...(tag === undefined ? {} : { tag }), ...(singleUse ? { mode: 'single-use' } : {}) },
    policy: barrier(count, milliseconds(keep, Number.POSITIVE_INFINITY)),
  }),
  told: claim => ({ generation: claim?.generation }),
})

const closingGate = kind({
  kind: 'gate',
  path: '/v1/gates/{name}/close',
  says: 'Holds up whoever waits at it from now on',
  body: brief.extend({ for: duration('Until it opens by itself: forever when absent', '2h').optional() }),
  answer: {},
  turn: body => ({ spec: { mode: 'close' }, policy: gate(closing(milliseconds(body.for, Number.POSITIVE_INFINITY))) }),
})

const openingGate = kind({
  kind: 'gate',
  path: '/v1/gates/{name}/open',
  says: 'Lets all go who wait at it',
  body: brief,
  answer: {},
  turn: () => ({ spec: { mode: 'open' }, policy: gate(opening) }),
})

const waitingAtGate = kind({
  kind: 'gate',
  path: '/v1/gates/{name}/wait',
  says: 'Waits until it is open',
  body: patient,
  answer: {},
  turn: () => ({ spec: {}, policy: gate(passing) }),
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
  turn: ({ actor, mates, labels = {}, selector, payload }) => ({
    spec: {
      ...claimSpecOf({ actor, mates, labels: withActor(actor, labelsFrom(labels)), selector }),
      ...(payload === undefined ? {} : { payload: checkPayload(payload) }),
    },
    policy: rendezvous(),
  }),
  told: (claim, event) => {
    const { match, members } = matchOf(event, claim)
    return { match, members }
  },
})

export const PASSING_KINDS = [adding, arriving, closingGate, openingGate, waitingAtGate, meeting]
