/** Locks over HTTP: acquire, renew, release. `client-claims.ts` states what a client may rely on. */
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

const CONFLICT = 'Other clients name different numbers for this resource, or the id belongs to another request'
const TRIED = 'Not free, and the request was not to wait'
const LOST = 'No such claim: it was released or broken, or its lease has expired'

function asking(app: OpenAPIHono<Env>, context: ApiContext, kind: LockKind): void {
  const { gateway, claims, slots } = context
  endpoint(app, {
    method: 'post',
    path: `/v1/${kind.plural}/{name}/claims`,
    tag: kind.plural,
    summary: `${kind.summary}. Acquires it, or continues to wait`,
    params: z.object({ name: name(kind.kind) }),
    headers: idempotencyKey,
    body: kind.body,
    answers: {
      200:
        kind.kind === 'once'
          ? ['Granted: do the work. Or already done', z.union([granted, done])]
          : ['Granted', granted],
      202: ['Not granted yet: ask again with the same id', waiting],
      408: [TRIED, problem],
      409: [CONFLICT, problem],
      410: [`${LOST}. A new request joins the end of the queue`, problem],
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
    // the last arrival at a double barrier grants all, and can't give each its own lease
    leaseMs: kind === 'double-barrier' ? undefined : milliseconds(lease, DEFAULT_LEASE_MS),
    waitMs: Math.min(milliseconds(wait, DEFAULT_WAIT_MS), LONGEST_WAIT_MS),
  }
}

/** Paths of a claim by its id, for all kinds. */
function keeping(app: OpenAPIHono<Env>, { claims, slots }: ApiContext): void {
  const one = { tag: 'claims', params: z.object({ id }) }
  endpoint(app, {
    ...one,
    method: 'get',
    path: '/v1/claims/{id}',
    summary: 'Shows a claim without changing it',
    answers: { 200: ['The claim', z.union([granted, waiting])], 410: [LOST, problem] },
    handle: async (c, { params }) => {
      const claim = await claims.read(plain(params.id))
      return json(c, claim.state === 'waiting' ? waitingObject(claim) : grantedObject(claim))
    },
  })
  endpoint(app, {
    ...one,
    method: 'post',
    path: '/v1/claims/{id}/renew',
    summary: 'Renews a granted claim: its lease starts again',
    answers: { 200: ['Renewed', granted], 409: ['Not granted yet', problem], 410: [LOST, problem] },
    handle: async (c, { params }) => json(c, grantedObject(await claims.renew(plain(params.id)))),
  })
  endpoint(app, {
    ...one,
    method: 'delete',
    path: '/v1/claims/{id}',
    summary: 'Releases a lock, or leaves the queue. No error if the claim does not exist',
    answers: { 204: ['The claim does not exist any more'] },
    handle: async (c, { params }) => {
      const id = plain(params.id)
      await slots.take(id, c.req.raw.signal, () => claims.release(id))
      return c.body(null, 204)
    },
  })
}
