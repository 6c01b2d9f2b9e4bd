/**
 * Read/write lock: readers share, a writer is alone, in order of arrival.
 *
 * Admission:
 * 1. A reader is granted when no writer is ahead. A writer is granted when no claim is ahead.
 * 2. A waiting writer therefore blocks the readers behind it, so that writers do not starve. Readers ahead of it keep the lock.
 * @see https://zookeeper.apache.org/doc/current/recipes.html#Shared+Locks
 */

import type { WaitPolicy } from '../claims/acquire.js'
import type { Rule } from '../claims/model.js'
import { paceByPosition } from '../claims/poll-rate.js'
import type { Session } from '../claims/session.js'
import { type Lock, lockAt } from './lock.js'
import { granted, Primitive, type PrimitiveRequest, type WaitOptions } from './primitive.js'

export type Access = 'read' | 'write'

export const admit: Rule = ({ claims }, me) => {
  const ahead = claims.filter(({ ticket }) => ticket < me.ticket)
  const blocked = me.mode === 'read' ? ahead.some(({ mode }) => mode !== 'read') : ahead.length > 0
  return blocked ? {} : granted(me)
}

export const RWLOCK: WaitPolicy = { rule: admit, pace: paceByPosition, onlyAhead: true, groupGrant: false }

export function rwlockRequest(mode: Access): PrimitiveRequest {
  return { spec: { mode }, policy: RWLOCK }
}

/** A handle of a read/write lock: many readers or one writer. Made by `sera.rwlock()`. */
export class RwLock extends Primitive {
  /** @internal */
  constructor(session: Session, name: string) {
    super(session, 'rwlock', name)
  }

  /**
   * Waits until no writer is ahead; then shares the lock with other readers.
   *
   * @throws SeraError timed-out, lock-failed, usage; the signal's reason
   * @example await using lock = await sera.rwlock('catalogue').read()
   */
  read(options: WaitOptions = {}): Promise<Lock> {
    return this.#acquire('read', options)
  }

  /**
   * Waits until no claim is ahead; then has the lock alone.
   *
   * @throws SeraError timed-out, lock-failed, usage; the signal's reason
   * @example await using lock = await sera.rwlock('catalogue').write({ wait: '5m' })
   */
  write(options: WaitOptions = {}): Promise<Lock> {
    return this.#acquire('write', options)
  }

  async #acquire(mode: Access, options: WaitOptions): Promise<Lock> {
    return lockAt(this.session, await this.acquireClaim(rwlockRequest(mode), options))
  }
}
