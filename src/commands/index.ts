/** The subcommands by form. A subcommand is loaded when it is used, and loads no other one. */
import type { Needs } from '../cli/args/command-line.js'
import type { RunOptions } from '../cli/args/options.js'
import type { Task } from '../run/context.js'
import type { RunSetup } from '../run/setup.js'

/**
 * Checks words and flags. `setup` is for the subcommands that leave the settings `unread`.
 *
 * @throws SeraError usage
 */
type Prepare = (words: readonly string[], options: RunOptions, setup: RunSetup) => Task

export const LOAD: Readonly<Record<Needs['name'], () => Promise<Prepare>>> = {
  classic: async () => (await import('./classic/classic.js')).classic,
  'lock name': async () => (await import('./classic/lock-name.js')).printLockName,
  rwlock: async () => (await import('./rwlock.js')).rwlock,
  semaphore: async () => (await import('./semaphore.js')).semaphore,
  counter: async () => (await import('./counter.js')).counter,
  barrier: async () => (await import('./barrier.js')).barrier,
  'double-barrier': async () => (await import('./double-barrier.js')).doubleBarrier,
  'gate close': async () => (await import('./gate.js')).gate,
  'gate open': async () => (await import('./gate.js')).gate,
  'gate wait': async () => (await import('./gate.js')).gate,
  once: async () => (await import('./once.js')).once,
  rendezvous: async () => (await import('./rendezvous.js')).rendezvous,
  'rendezvous command': async () => (await import('./rendezvous.js')).rendezvousCommand,
  verify: async () => (await import('./verify.js')).verify,
  doctor: async () => (await import('./doctor/doctor.js')).doctor,
  history: async () => (await import('./history.js')).history,
  status: async () => (await import('./status/status.js')).status,
  break: async () => (await import('./break/break.js')).breakClaim,
  schema: async () => (await import('./schema.js')).printSchema,
  'schema apply': async () => (await import('./schema.js')).applySchema,
  'schema drop': async () => (await import('./schema.js')).dropSchema,
  pool: async () => (await import('./pool/pool.js')).pool,
  serve: async () => (await import('./serve/serve.js')).serve,
  embedded: async () => (await import('./embedded.js')).embedded,
  'embedded stop': async () => (await import('./embedded.js')).embedded,
}
