/** Counters, barriers, gates and rendezvous over HTTP. */
import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { Counter } from '../../primitives/counter.js'
import type { Env } from '../env.js'
import { json } from '../output.js'
import { whileHere } from '../patience.js'
import { type Desk, ownerOf } from './desk.js'
import { endpoint } from './endpoint.js'
import { pass } from './passing.js'
import { PASSING_KINDS, type PassingKind } from './passing-kinds.js'
import { DEFAULT_WAIT_MS, idempotencyKey, milliseconds, name, plain, problem } from './words.js'

export function meetings(app: OpenAPIHono<Env>, desk: Desk): void {
  for (const kind of PASSING_KINDS) taking(app, desk, kind)
  const { participant } = desk.gateway
  endpoint(app, {
    method: 'get',
    path: '/v1/counters/{name}',
    tag: 'counter',
    summary: 'The value now',
    params: z.object({ name: name('counter') }),
    answers: { 200: ['The value', told({ value: z.int() })] },
    handle: async (c, { params }) => {
      const value = await new Counter(participant, params.name).value({ signal: c.req.raw.signal })
      return json(c, { kind: 'counter', name: params.name, value })
    },
  })
}

function taking(app: OpenAPIHono<Env>, desk: Desk, { kind, path, says, body, answer, turn, told: tell }: PassingKind) {
  endpoint(app, {
    method: 'post',
    path,
    tag: kind,
    summary: says,
    params: z.object({ name: name(kind) }),
    headers: idempotencyKey,
    body,
    answers: {
      200: ['Done', told(answer)],
      408: ['Timed out waiting', problem],
      409: ['Others ask for something else, it is so already, or the id is that of another request', problem],
      410: ['Its record was taken away just now', problem],
    },
    handle: async (c, { params, key, body }) => {
      const { wait, label } = body as { wait?: string; label?: string }
      const { ask, waiting } = turn(body)
      const passing = {
        id: key === undefined ? undefined : plain(key),
        key: { kind, name: params.name },
        ask: { ...ask, owner: ownerOf(c, label) },
        waiting,
        waitMs: milliseconds(wait, DEFAULT_WAIT_MS),
      }
      const work = (signal: AbortSignal) => pass(desk, passing, signal)
      const claim = await whileHere(c, desk.gateway, kind, work, passing.waitMs > 0)
      return json(c, { kind, name: params.name, ...tell?.(claim, params.name) })
    },
  })
}

function told(more: z.ZodRawShape) {
  return z.object({ kind: z.string(), name: z.string(), ...more })
}
