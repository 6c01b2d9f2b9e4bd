/** The kinds of locks that clients hold who don't stay connected: what is asked of each, and how it is waited for. */
import { z } from '@hono/zod-openapi'
import type { WaitPolicy } from '../../claims/acquire.js'
import type { ClaimSpec } from '../../claims/session.js'
import { doubleBarrier } from '../../primitives/double-barrier.js'
import { MUTEX } from '../../primitives/mutex.js'
import type { Kind } from '../../primitives/names.js'
import { checkCount } from '../../primitives/names.js'
import { once } from '../../primitives/once/once.js'
import { RWLOCK } from '../../primitives/rwlock.js'
import { semaphore } from '../../primitives/semaphore.js'
import { count, duration, label, lease, milliseconds, wait } from './schemas.js'

export interface LockKind<Body extends z.ZodType = z.ZodType> {
  kind: Kind
  /** In addresses. */
  plural: string
  /** What it is for. */
  says: string
  body: Body
  /** @throws SeraError usage */
  turn(body: z.infer<Body>): { spec: ClaimSpec; policy: WaitPolicy }
}

const common = z.strictObject({ wait: wait.optional(), label: label.optional() })
const leased = common.extend({ lease: lease.optional() })

/** A body is checked by its own schema before its `turn` sees it. */
function kind<Body extends z.ZodType>(one: LockKind<Body>): LockKind {
  return one as unknown as LockKind
}

const mutex = kind({
  kind: 'mutex',
  plural: 'mutexes',
  says: 'One holder at a time',
  body: leased,
  turn: () => ({ spec: {}, policy: MUTEX }),
})

const rwlock = kind({
  kind: 'rwlock',
  plural: 'rwlocks',
  says: 'Many readers or one writer',
  body: leased.extend({ mode: z.enum(['read', 'write']) }),
  turn: ({ mode }) => ({ spec: { mode }, policy: RWLOCK }),
})

const semaphoreLock = kind({
  kind: 'semaphore',
  plural: 'semaphores',
  says: 'At most so many units held at a time; a holder has a slot of its own',
  body: leased.extend({
    permits: count.openapi({ description: 'The same for all who ask' }),
    units: count.optional().openapi({ description: '1 when absent' }),
  }),
  turn: ({ permits, units = 1 }) => ({
    spec: { units: checkCount('units', units, permits) },
    policy: semaphore(permits),
  }),
})

const bothEnds = kind({
  kind: 'double-barrier',
  plural: 'double-barriers',
  says: 'So many start together, and leave together',
  body: common.extend({ count }),
  turn: ({ count }) => ({ spec: {}, policy: doubleBarrier(count) }),
})

const onlyOnce = kind({
  kind: 'once',
  plural: 'once',
  says: 'What at most one client does successfully, ever or in a period',
  body: leased.extend({
    per: duration('Only a success that was begun within this time counts: forever when absent', '1h').optional(),
  }),
  turn: ({ per }) => ({ spec: {}, policy: once(milliseconds(per, Number.POSITIVE_INFINITY)) }),
})

export const LOCK_KINDS = [mutex, rwlock, semaphoreLock, bothEnds, onlyOnce]
