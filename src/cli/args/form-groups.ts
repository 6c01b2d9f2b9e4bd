/** Groups of forms of the command line that accept the same flags. */

export const CLASSIC = ['classic'] as const
/** Each run runs its command under a lock. */
export const HOLDING = [...CLASSIC, 'rwlock', 'semaphore', 'double-barrier'] as const
/** They run a command, if it has not run already. */
export const WRAPPING = [...HOLDING, 'once'] as const
/** They match participants. */
export const MEETING = ['rendezvous', 'rendezvous command'] as const
/** They run no command, and may wait. */
const ALONE = ['counter', 'barrier', 'gate wait', 'rendezvous'] as const
/** They may wait, and take `--wait` instead of `<wait>`. */
export const WAITING = [...ALONE, 'rendezvous command'] as const
/** They create a claim in the lock tables. */
export const CLAIMING = [...WRAPPING, ...WAITING, 'gate close', 'gate open'] as const
/** They create, change or drop the lock tables. */
const FOUNDING = ['schema apply', 'schema drop'] as const
/** They inspect or repair locks. */
const OPERATING = ['verify', 'status', 'break', 'doctor', 'history'] as const
/** They print text, or with `--json` data for programs. */
export const PRINTING = [
  ...ALONE,
  ...FOUNDING,
  ...OPERATING,
  'gate close',
  'gate open',
  'embedded',
  'embedded stop',
] as const
/** They connect to a database server. */
export const SERVED = [...CLAIMING, ...FOUNDING, ...OPERATING, 'schema', 'serve'] as const
