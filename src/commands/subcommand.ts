/** The subcommands of the lock tables, by form. */
import { barrier } from './barrier.js'
import { breakClaim } from './break.js'
import type { Task } from './call.js'
import { counter } from './counter.js'
import { doubleBarrier } from './double-barrier.js'
import { gate } from './gate.js'
import { history } from './history.js'
import { once } from './once.js'
import { rendezvous, rendezvousCommand } from './rendezvous.js'
import type { RunOptions } from './run-options.js'
import { rwlock } from './rwlock.js'
import { applySchema, dropSchema } from './schema-change.js'
import { semaphore } from './semaphore.js'
import { status } from './status.js'
import type { FormName } from './subcommands.js'
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
