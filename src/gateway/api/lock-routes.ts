/** Locks over HTTP: ask, renew, give back. See `client-claims.ts` for what a client may rely on. */
import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { takenOver } from '../../primitives/once/once.js'
import type { PastRunRecord } from '../../primitives/once/run-record.js'
import { untilDisconnect } from '../http/disconnect.js'
import type { Env } from '../http/env.js'
import { json } from '../http/output.js'
import { type ClaimWish, StillWaiting } from './client-claims.js'
import { type ApiContext, ownerOf } from './context.js'
import { endpoint } from './endpoint.js'
import { LOCK_KINDS, type LockKind } from './lock-kinds.js'
import { done, doneObject, granted, grantedObject, waiting, waitingObject } from './responses.js'
import {
  DEFAULT_LEASE_MS,
  DEFAULT_WAIT_MS,
  dashed,
  id,
  idempotencyKey,
  LONGEST_WAIT_MS,
  milliseconds,
  name,
  plain,
  problem,
} from './schemas.js'

export function lockRoutes(app: OpenAPIHono<Env>, context: ApiContext): void {
  for (const kind of LOCK_KINDS) asking(app, context, kind)
  keeping(app, context)
}

const CONFLICT = 'Others ask for something else under this name, or the id is that of another request'
const TRIED = 'It was not to wait, and is not free'
const LOST = 'There is no such claim: it was given back or broken, or its lease is over'

function asking(app: OpenAPIHono<Env>, context: ApiContext, kind: LockKind): void {
  const { gateway, claims, slots } = context
  endpoint(app, {
    method: 'post',
    path: `/v1/${kind.plural}/{name}/claims`,
    tag: kind.plural,
    summary: `${kind.says}. Asks for it, or goes on waiting`,
    params: z.object({ name: name(kind.kind) }),
    headers: idempotencyKey,
    body: kind.body,
    answers: {
      200: kind.kind === 'once' ? ['Yours to do, or done already', z.union([granted, done])] : ['Yours', granted],
      202: ['Not yet: ask again with the same id', waiting],
      408: [TRIED, problem],
      409: [CONFLICT, problem],
      410: [`${LOST}. A new request queues anew`, problem],
    },
    handle: async (c, { params, key = gateway.random.id(16), body }) => {
      const wanted = wantedOf(c, kind, params.name, plain(key), body)
      c.header('Location', `/v1/claims/${dashed(wanted.id)}`)
      try {
        const work = (signal: AbortSignal) => slots.take(wanted.id, signal, one => claims.acquire(wanted, one))
        const { claim, answer } = await untilDisconnect(c, gateway, kind.kind, work, wanted.waitMs > 0)
        return json(c, claim ? grantedObject(claim) : doneObject(wanted, takenOver({ answer })?.run as PastRunRecord))
      } catch (error) {
        if (!(error instanceof StillWaiting)) throw error
        return json(c, { ...waitingObject(await claims.read(wanted.id)), ahead: error.ahead }, 202)
      }
    },
  })
}

/** @throws SeraError usage */
function wantedOf(c: Context<Env>, { kind, request }: LockKind, name: string, id: string, body: unknown): ClaimWish {
  const { wait, lease, label } = body as { wait?: string; lease?: string; label?: string }
  const { spec, policy } = request(body)
  return {
    id,
    key: { kind, name },
    spec: { ...spec, owner: ownerOf(c, label) },
    policy,
    // of a double barrier, whoever comes last grants all
    leaseMs: kind === 'double-barrier' ? undefined : milliseconds(lease, DEFAULT_LEASE_MS),
    waitMs: Math.min(milliseconds(wait, DEFAULT_WAIT_MS), LONGEST_WAIT_MS),
  }
}

/** By its id, whatever it is a claim on. */
function keeping(app: OpenAPIHono<Env>, { claims, slots }: ApiContext): void {
  const one = { tag: 'claims', params: z.object({ id }) }
  endpoint(app, {
    ...one,
    method: 'get',
    path: '/v1/claims/{id}',
    summary: 'Shows a claim, and changes nothing',
    answers: { 200: ['It is there', z.union([granted, waiting])], 410: [LOST, problem] },
    handle: async (c, { params }) => {
      const claim = await claims.read(plain(params.id))
      return json(c, claim.state === 'waiting' ? waitingObject(claim) : grantedObject(claim))
    },
  })
  endpoint(app, {
    ...one,
    method: 'post',
    path: '/v1/claims/{id}/renew',
    summary: 'Gives a claim that was granted another lease',
    answers: { 200: ['It has', granted], 409: ['It still waits', problem], 410: [LOST, problem] },
    handle: async (c, { params }) => json(c, grantedObject(await claims.renew(plain(params.id)))),
  })
  endpoint(app, {
    ...one,
    method: 'delete',
    path: '/v1/claims/{id}',
    summary: 'Gives a lock back, or a place in the queue up; whether or not it is there',
    answers: { 204: ['It is not there any more'] },
    handle: async (c, { params }) => {
      const id = plain(params.id)
      await slots.take(id, c.req.raw.signal, () => claims.release(id))
      return c.body(null, 204)
    },
  })
}
