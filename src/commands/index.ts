/** The subcommands of the lock tables, by form. */

import type { FormName } from '../cli/args/command-table.js'
import type { RunOptions } from '../cli/args/options.js'
import type { Task } from '../run/context.js'
import { barrier } from './barrier.js'
import { breakClaim } from './break/break.js'
import { counter } from './counter.js'
import { doubleBarrier } from './double-barrier.js'
import { gate } from './gate.js'
import { history } from './history.js'
import { once } from './once.js'
import { rendezvous, rendezvousCommand } from './rendezvous.js'
import { rwlock } from './rwlock.js'
import { applySchema, dropSchema } from './schema.js'
import { semaphore } from './semaphore.js'
import { status } from './status/status.js'
import { verify } from './verify.js'

/** Checks the words and the flags that go with them. @throws SeraError usage */
type Prepare = (words: readonly string[], options: RunOptions) => Task

/** A form that stops at the tables. */
export type TableForm = Exclude<
  FormName,
  'classic' | 'pool' | 'serve' | 'doctor' | 'schema' | 'embedded' | 'embedded stop'
>

export const PREPARE: Readonly<Record<TableForm, Prepare>> = {
  rwlock,
  semaphore,
  counter,
  barrier,
  'double-barrier': doubleBarrier,
  'gate close': gate,
  'gate open': gate,
  'gate wait': gate,
  once,
  rendezvous,
  'rendezvous command': rendezvousCommand,
  verify,
  history,
  'schema apply': applySchema,
  'schema drop': dropSchema,
  status,
  break: breakClaim,
}
