/** The answers about claims. */
import { z } from '@hono/zod-openapi'
import { dateOf, type PastRunRecord } from '../../primitives/once/run-record.js'
import type { ClientClaim } from '../../store/tables/client-claim.js'
import { dashed, id, moment, token } from './schemas.js'

const about = { id, kind: z.string(), name: z.string() }

export const granted = z
  .object({
    state: z.enum(['granted', 'leaving']),
    ...about,
    token,
    slot: z
      .int()
      .optional()
      .openapi({ description: 'Of a semaphore: the lowest number, from 0, that no other holder has' }),
    generation: z
      .int()
      .optional()
      .openapi({ description: 'Of a double barrier: how many times it has let participants in' }),
    leaseMs: z.int(),
    expiresAt: moment,
  })
  .openapi('Granted', {
    description:
      'You hold the lock. Count `leaseMs` from when you *sent* the request. If the request waited, renew before you rely on it.',
  })

export const waiting = z
  .object({
    state: z.literal('waiting'),
    ...about,
    ahead: z.int().optional().openapi({ description: 'How many claims are ahead' }),
    keptMs: z
      .int()
      .openapi({ description: 'How long the claim keeps its place, ms: ask again with the same id before that' }),
  })
  .openapi('Waiting')

export const done = z
  .object({
    state: z.literal('done'),
    ...about,
    exitCode: z.int().openapi({ description: '0: success' }),
    value: z.unknown().optional().openapi({ description: 'The result of the run' }),
    message: z.string().optional(),
    host: z.string(),
    label: z.string(),
    startedAt: moment,
    finishedAt: moment,
  })
  .openapi('Done', { description: 'The work is already done, by this client or another.' })

export function grantedObject({ id, key, state, token, slot, generation, leaseMs, expiresAt }: ClientClaim) {
  const times = { leaseMs, expiresAt: expiresAt.toISOString() }
  return { state, id: dashed(id), ...key, token: String(token), slot, generation, ...times }
}

export function doneObject(claim: Pick<ClientClaim, 'id' | 'key'>, run: PastRunRecord) {
  const { exitCode, value, message, host, command, startedAt, finishedAt } = run
  const times = { startedAt: dateOf(startedAt).toISOString(), finishedAt: dateOf(finishedAt).toISOString() }
  return { state: 'done', id: dashed(claim.id), ...claim.key, exitCode, value, message, host, label: command, ...times }
}

export function waitingObject({ id, key, overdueMs }: ClientClaim) {
  return { state: 'waiting', id: dashed(id), ...key, keptMs: Math.max(0, Math.floor(-overdueMs)) }
}
