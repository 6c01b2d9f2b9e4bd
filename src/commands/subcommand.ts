/** The subcommands of the lock tables, by form. */
import type { Host } from '../host.js'
import type { Outcome } from '../outcome.js'
import { barrier } from './barrier.js'
import type { Call } from './call.js'
import { counter } from './counter.js'
import { doubleBarrier } from './double-barrier.js'
import { gate } from './gate.js'
import type { Report } from './report.js'
import { rwlock } from './rwlock.js'
import { semaphore } from './semaphore.js'
import type { FormName } from './subcommands.js'
import { verify } from './verify.js'

type Run = (words: readonly string[], call: Call, host: Host, report: Partial<Report>) => Promise<Outcome>

/** A form that stops at the tables. */
export type TableForm = Exclude<FormName, 'classic' | 'schema' | 'embedded' | 'embedded stop'>

export const RUN: Readonly<Record<TableForm, Run>> = {
  rwlock,
  semaphore,
  counter,
  barrier,
  'double-barrier': doubleBarrier,
  'gate close': gate,
  'gate open': gate,
  'gate wait': gate,
  verify,
}
