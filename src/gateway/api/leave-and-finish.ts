/** How claims of two kinds end: leaving a double barrier together, and recording the run of a once key. */
import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { stepUntilGranted } from '../../claims/acquire.js'
import type { ResourceKey, Rule } from '../../claims/model.js'
import { SeraError } from '../../errors.js'
import { LEAVING } from '../../primitives/double-barrier.js'
import { finishing } from '../../primitives/once/finish.js'
import { checkValue } from '../../primitives/once/once.js'
import { type PastRunRecord, runsOf } from '../../primitives/once/run-record.js'
import { clientProcess } from '../../store/tables/client-claim.js'
import { untilDisconnect } from '../http/disconnect.js'
import type { Env } from '../http/env.js'
import { json } from '../http/output.js'
import { gone } from './client-claims.js'
import type { ApiContext } from './context.js'
import { endpoint } from './endpoint.js'
import { done, doneObject, granted, grantedObject } from './responses.js'
import { DEFAULT_WAIT_MS, duration, id, LONGEST_WAIT_MS, milliseconds, name, plain, problem, wait } from './schemas.js'

export function leaveAndFinish(app: OpenAPIHono<Env>, context: ApiContext): void {
  leaving(app, context)
  recording(app, context)
}

const left = z.object({ state: z.literal('left'), id, kind: z.string(), name: z.string() }).openapi('Left')

function leaving(app: OpenAPIHono<Env>, context: ApiContext): void {
  const { gateway, slots, claims } = context
  endpoint(app, {
    method: 'post',
    path: '/v1/double-barriers/{name}/claims/{id}/leave',
    tag: 'double-barriers',
    summary: 'Leaves, and waits until all that entered together have left',
    params: z.object({ name: name('double-barrier'), id }),
    body: z.strictObject({ wait: wait.optional() }),
    answers: {
      200: ['All have left', left],
      202: ['Not all have left: ask again, or stop waiting', granted],
      409: ['The id belongs to a claim on another resource', problem],
      410: ['There is no such claim', problem],
    },
    handle: async (c, { params, body }) => {
      const key = { kind: 'double-barrier', name: params.name }
      const waitMs = Math.min(milliseconds(body.wait, DEFAULT_WAIT_MS), LONGEST_WAIT_MS)
      const one = plain(params.id)
      const hasLeft = await untilDisconnect(c, gateway, key.kind, signal =>
        slots.take(one, signal, mine => leave(context, key, one, waitMs, mine)),
      )
      if (hasLeft) return json(c, { state: 'left', id: params.id, ...key })
      return json(c, grantedObject(await claims.read(one)), 202)
    },
  })
}

/** A claim that does not exist has left. */
async function leave(
  { gateway: { session, clock }, claims }: ApiContext,
  key: ResourceKey,
  id: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  await claims.known({ id, key, spec: {} })
  const ownClaim = session.newClaim(key, id)
  const wait = { until: clock.now() + waitMs, signal }
  try {
    return await stepUntilGranted(
      session,
      ownClaim,
      { processId: clientProcess(id) },
      { ...LEAVING, groupGrant: false },
      wait,
    )
  } finally {
    session.forget(ownClaim)
  }
}

const LONGEST_MESSAGE = 500

const end = z.strictObject({
  exitCode: z.int().min(0).max(255).openapi({ description: '0: success' }),
  value: z.unknown().optional().openapi({ description: 'The result for later callers: at most 16 KiB of JSON' }),
  message: z.string().max(LONGEST_MESSAGE).optional(),
  keep: duration('How long a success is remembered. Default: forever', '30d').optional(),
})

function recording(app: OpenAPIHono<Env>, context: ApiContext): void {
  endpoint(app, {
    method: 'post',
    path: '/v1/once/{name}/claims/{id}/finish',
    tag: 'once',
    summary: 'Records the end of the run and releases the claim, in one step',
    params: z.object({ name: name('once'), id }),
    body: end,
    answers: {
      200: ['Recorded', done],
      409: ['Not granted yet, or the id belongs to a claim on another resource', problem],
      410: ['The claim was already lost: nothing is recorded', problem],
    },
    handle: async (c, { params, body: { exitCode, value, message, keep } }) => {
      const key = { kind: 'once', name: params.name }
      const how = { exitCode, value: checkValue(value), ...(message === undefined ? {} : { message }) }
      const keepMs = milliseconds(keep, Number.POSITIVE_INFINITY)
      const one = plain(params.id)
      const run = await context.slots.take(one, c.req.raw.signal, () => finish(context, key, one, how, keepMs))
      return json(c, doneObject({ id: one, key }, run))
    },
  })
}

/** @throws SeraError lost; conflict, while it waits; lock-failed */
async function finish(
  { gateway: { session }, claims }: ApiContext,
  key: ResourceKey,
  id: string,
  how: Pick<PastRunRecord, 'exitCode' | 'value' | 'message'>,
  keepMs: number,
): Promise<PastRunRecord> {
  const known = await claims.known({ id, key, spec: {} })
  if (known?.state === 'waiting') throw new SeraError('conflict', 'not granted yet: nothing is recorded')
  const { host = '', pid = 0, user = '', command = '', result, token } = known ?? {}
  const record = finishing({ ...how, host, pid, user, command, startedAt: Number(result) }, token, keepMs)
  let run: PastRunRecord | undefined
  const rule: Rule = (state, me) => {
    const verdict = record(state, me)
    const resource = { ...state.resource, ...('resource' in verdict ? verdict.resource : {}) }
    run = Object.values(runsOf(resource)).find(one => one.id === id)
    return verdict
  }
  const ownClaim = session.newClaim(key, id)
  try {
    const { admitted } = await session.step(ownClaim, {}, rule, { ...session.farewell, join: false, read: 'all' })
    if (admitted && run) return run
    throw gone()
  } finally {
    session.forget(ownClaim)
    session.pollNow(key)
  }
}
