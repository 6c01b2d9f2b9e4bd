/** The kinds of locks that clients hold who don't stay connected: what is asked of each, and how it is waited for. */
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
  /** In addresses. */
  plural: string
  /** What it is for. */
  says: string
  body: Body
  /** @throws SeraError usage */
  request(body: z.infer<Body>): PrimitiveRequest
}

const common = z.strictObject({ wait: wait.optional(), label: label.optional() })
const leased = common.extend({ lease: lease.optional() })

/** A body is checked by its own schema before its `request` sees it. */
function kind<Body extends z.ZodType>(one: LockKind<Body>): LockKind {
  return one as unknown as LockKind
}

const mutex = kind({
  kind: 'mutex',
  plural: 'mutexes',
  says: 'One holder at a time',
  body: leased,
  request: () => MUTEX_REQUEST,
})

const rwlock = kind({
  kind: 'rwlock',
  plural: 'rwlocks',
  says: 'Many readers or one writer',
  body: leased.extend({ mode: z.enum(['read', 'write']) }),
  request: ({ mode }) => rwlockRequest(mode),
})

const semaphoreLock = kind({
  kind: 'semaphore',
  plural: 'semaphores',
  says: 'At most so many units held at a time; a holder has a slot of its own',
  body: leased.extend({
    permits: count.openapi({ description: 'The same for all who ask' }),
    units: count.optional().openapi({ description: '1 when absent' }),
  }),
  request: body => semaphoreRequest(body),
})

const bothEnds = kind({
  kind: 'double-barrier',
  plural: 'double-barriers',
  says: 'So many start together, and leave together',
  body: common.extend({ count }),
  request: ({ count }) => doubleBarrierRequest(count),
})

const onlyOnce = kind({
  kind: 'once',
  plural: 'once',
  says: 'What at most one client does successfully, ever or in a period',
  body: leased.extend({
    per: duration('Only a success that was begun within this time counts: forever when absent', '1h').optional(),
  }),
  request: ({ per }) => onceRequest(milliseconds(per, Number.POSITIVE_INFINITY)),
})

export const LOCK_KINDS = [mutex, rwlock, semaphoreLock, bothEnds, onlyOnce]
