/** What claims of some kinds end with: to leave a double barrier together, and to record a run that is done once. */
import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { SeraError } from '../../errors.js'
import { LEAVING } from '../../primitives/double-barrier.js'
import { finishing } from '../../primitives/finish.js'
import { checkValue } from '../../primitives/once.js'
import { type Run, runsOf } from '../../primitives/run-record.js'
import { pursue } from '../../primitives/turn.js'
import type { ResourceKey, Rule } from '../../store/claims.js'
import { clientProcess } from '../../store/client-claim.js'
import type { Env } from '../env.js'
import { json } from '../output.js'
import { whileHere } from '../patience.js'
import { done, doneObject, granted, grantedObject } from './answers.js'
import { gone } from './client-claims.js'
import type { Desk } from './desk.js'
import { endpoint } from './endpoint.js'
import { DEFAULT_WAIT_MS, duration, id, LONGEST_WAIT_MS, milliseconds, name, plain, problem, wait } from './words.js'

export function endings(app: OpenAPIHono<Env>, desk: Desk): void {
  leaving(app, desk)
  recording(app, desk)
}

const left = z.object({ state: z.literal('left'), id, kind: z.string(), name: z.string() }).openapi('Left')

function leaving(app: OpenAPIHono<Env>, desk: Desk): void {
  const { gateway, turns, claims } = desk
  endpoint(app, {
    method: 'post',
    path: '/v1/double-barriers/{name}/claims/{id}/leave',
    tag: 'double-barriers',
    summary: 'Has finished, and waits until all who entered together have',
    params: z.object({ name: name('double-barrier'), id }),
    body: z.strictObject({ wait: wait.optional() }),
    answers: {
      200: ['All have', left],
      202: ['Not all have: ask again, or go', granted],
      409: ['The id is that of a claim on something else', problem],
      410: ['It is gone', problem],
    },
    handle: async (c, { params, body }) => {
      const key = { kind: 'double-barrier', name: params.name }
      const waitMs = Math.min(milliseconds(body.wait, DEFAULT_WAIT_MS), LONGEST_WAIT_MS)
      const one = plain(params.id)
      const hasLeft = await whileHere(c, gateway, key.kind, signal =>
        turns.take(one, signal, mine => leave(desk, key, one, waitMs, mine)),
      )
      if (hasLeft) return json(c, { state: 'left', id: params.id, ...key })
      return json(c, grantedObject(await claims.read(one)), 202)
    },
  })
}

/** Whose claim is gone has left. */
async function leave(
  { gateway: { participant, clock }, claims }: Desk,
  key: ResourceKey,
  id: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  await claims.known({ id, key, ask: {} })
  const place = participant.place(key, id)
  const wait = { until: clock.now() + waitMs, signal }
  try {
    return await pursue(participant, place, { processId: clientProcess(id) }, { ...LEAVING, meeting: false }, wait)
  } finally {
    participant.forget(place)
  }
}

const LONGEST_MESSAGE = 500

const end = z.strictObject({
  exitCode: z.int().min(0).max(255).openapi({ description: '0: success' }),
  value: z.unknown().optional().openapi({ description: 'What others are told: at most 16 KB of JSON' }),
  message: z.string().max(LONGEST_MESSAGE).optional(),
  keep: duration('For how long a success is remembered: forever when absent', '30d').optional(),
})

function recording(app: OpenAPIHono<Env>, desk: Desk): void {
  endpoint(app, {
    method: 'post',
    path: '/v1/once/{name}/claims/{id}/finish',
    tag: 'once',
    summary: 'Records how the run has ended, and gives the claim back, in one step',
    params: z.object({ name: name('once'), id }),
    body: end,
    answers: {
      200: ['It is recorded', done],
      409: ['It still waits, or the id is that of a claim on something else', problem],
      410: ['The claim was lost before: nothing is recorded', problem],
    },
    handle: async (c, { params, body: { exitCode, value, message, keep } }) => {
      const key = { kind: 'once', name: params.name }
      const how = { exitCode, value: checkValue(value), ...(message === undefined ? {} : { message }) }
      const keepMs = milliseconds(keep, Number.POSITIVE_INFINITY)
      const one = plain(params.id)
      const run = await desk.turns.take(one, c.req.raw.signal, () => finish(desk, key, one, how, keepMs))
      return json(c, doneObject({ id: one, key }, run))
    },
  })
}

/** @throws SeraError lost; conflict, while it waits; lock-failed */
async function finish(
  { gateway: { participant }, claims }: Desk,
  key: ResourceKey,
  id: string,
  how: Pick<Run, 'exitCode' | 'value' | 'message'>,
  keepMs: number,
): Promise<Run> {
  const known = await claims.known({ id, key, ask: {} })
  if (known?.state === 'waiting') throw new SeraError('conflict', 'it has not been granted yet: nothing is recorded')
  const { host = '', pid = 0, user = '', command = '', result, token } = known ?? {}
  const record = finishing({ ...how, host, pid, user, command, startedAt: Number(result) }, token, keepMs)
  let run: Run | undefined
  const rule: Rule = (state, me) => {
    const verdict = record(state, me)
    const resource = { ...state.resource, ...('resource' in verdict ? verdict.resource : {}) }
    run = Object.values(runsOf(resource)).find(one => one.id === id)
    return verdict
  }
  const place = participant.place(key, id)
  try {
    const { admitted } = await participant.step(place, {}, rule, { ...participant.farewell, join: false, read: 'all' })
    if (admitted && run) return run
    throw gone()
  } finally {
    participant.forget(place)
    participant.hurry(key)
  }
}
