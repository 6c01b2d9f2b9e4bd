/** The kinds of locks for clients that don't stay connected: the request body of each, and its policy. */
import { z } from '@hono/zod-openapi'
import { doubleBarrierRequest } from '../../primitives/double-barrier.js'
import { MUTEX_REQUEST } from '../../primitives/mutex.js'
import type { Kind } from '../../primitives/names.js'
import { onceRequest } from '../../primitives/once/once.js'
import type { PrimitiveRequest } from '../../primitives/primitive.js'
import { rwlockRequest } from '../../primitives/rwlock.js'
import { semaphoreRequest } from '../../primitives/semaphore.js'
import { count, duration, label, lease, milliseconds, wait } from './schemas.js'

export interface LockKind<Body extends z.ZodType = z.ZodType> {
  kind: Kind
  /** The word in the path. */
  plural: string
  /** The summary in the OpenAPI document. */
  summary: string
  body: Body
  /** @throws SeraError usage */
  request(body: z.infer<Body>): PrimitiveRequest
}

const common = z.strictObject({ wait: wait.optional(), label: label.optional() })
const leased = common.extend({ lease: lease.optional() })

/** The cast is safe: a body is checked by the schema of its kind before `request` receives it. */
function kind<Body extends z.ZodType>(one: LockKind<Body>): LockKind {
  return one as unknown as LockKind
}

const mutex = kind({
  kind: 'mutex',
  plural: 'mutexes',
  summary: 'One holder at a time',
  body: leased,
  request: () => MUTEX_REQUEST,
})

const rwlock = kind({
  kind: 'rwlock',
  plural: 'rwlocks',
  summary: 'Many readers or one writer',
  body: leased.extend({ mode: z.enum(['read', 'write']) }),
  request: ({ mode }) => rwlockRequest(mode),
})

const semaphoreLock = kind({
  kind: 'semaphore',
  plural: 'semaphores',
  summary: 'At most `permits` units are held at a time; each holder has its own slot',
  body: leased.extend({
    permits: count.openapi({ description: 'All clients must name the same number' }),
    units: count.optional().openapi({ description: 'Default: 1' }),
  }),
  request: body => semaphoreRequest(body),
})

const bothEnds = kind({
  kind: 'double-barrier',
  plural: 'double-barriers',
  summary: '`count` participants start together and leave together',
  body: common.extend({ count }),
  request: ({ count }) => doubleBarrierRequest(count),
})

const onlyOnce = kind({
  kind: 'once',
  plural: 'once',
  summary: 'Work that succeeds at most once, or once in a period',
  body: leased.extend({
    per: duration('Only a success that began within this time counts. Default: forever', '1h').optional(),
  }),
  request: ({ per }) => onceRequest(milliseconds(per, Number.POSITIVE_INFINITY)),
})

export const LOCK_KINDS = [mutex, rwlock, semaphoreLock, bothEnds, onlyOnce]
