/**
 * Mutex: one holder at a time, in order of arrival. (The lock recipe of ZooKeeper, with rows as its sequential nodes.)
 *
 * Admission:
 * 1. A claim is granted when no claim is ahead of it. Claims with mode `pass` do not count.
 * 2. A claim with mode `pass` (`--wait-and-skip`) only waits until the lock is free. Under the same condition it is removed instead
 *    of granted. Several such claims may pass at the same time.
 * @see https://zookeeper.apache.org/doc/current/recipes.html#sc_recipes_Locks
 */

import type { WaitPolicy } from '../claims/acquire.js'
import type { Rule } from '../claims/model.js'
import { paceByPosition } from '../claims/poll-rate.js'
import type { Session } from '../claims/session.js'
import { type Lock, lockAt } from './lock.js'
import { granted, Primitive, type PrimitiveRequest, type WaitOptions } from './primitive.js'

export const admit: Rule = ({ claims }, me) => {
  const ahead = claims.filter(({ ticket, mode }) => ticket < me.ticket && mode !== 'pass')
  if (ahead.length > 0) return {}
  return me.mode === 'pass' ? { remove: [me.id] } : granted(me)
}

export const MUTEX: WaitPolicy = { rule: admit, pace: paceByPosition, onlyAhead: true, groupGrant: false }

export const MUTEX_REQUEST: PrimitiveRequest = { spec: {}, policy: MUTEX }

/** A handle of a mutex: one holder at a time. Made by `sera.mutex()`. */
export class Mutex extends Primitive {
  /** @internal */
  constructor(session: Session, name: string) {
    super(session, 'mutex', name)
  }

  /**
   * Waits until no claim is ahead.
   *
   * @throws SeraError timed-out, lock-failed, usage; the signal's reason
   * @example await using lock = await sera.mutex('deploy').acquire({ wait: '30s' })
   */
  async acquire(options: WaitOptions = {}): Promise<Lock> {
    return lockAt(this.session, await this.acquireClaim(MUTEX_REQUEST, options))
  }
}
