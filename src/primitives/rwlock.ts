/**
 * Read/write lock: readers share, a writer is alone, first come, first served.
 *
 * Admission: a reader when no writer is ahead; a writer when nothing is. A writer that waits holds up the readers behind it, so
 * that writers don't starve; readers ahead of it are let finish.
 * @see https://zookeeper.apache.org/doc/current/recipes.html#Shared+Locks
 */
import type { Rule } from '../store/claims.js'
import { granted } from './grant.js'
import { byPlace, type Waiting } from './turn.js'

export type Access = 'read' | 'write'

export const admit: Rule = ({ claims }, me) => {
  const ahead = claims.filter(({ ticket }) => ticket < me.ticket)
  const blocked = me.mode === 'read' ? ahead.some(({ mode }) => mode !== 'read') : ahead.length > 0
  return blocked ? {} : granted(me)
}

export const RWLOCK: Waiting = { rule: admit, pace: byPlace, onlyAhead: true, meeting: false }
