/** Forms of the command line that the same flags go with. */

export const CLASSIC = ['classic'] as const
/** They run a command each time. */
export const HOLDING = [...CLASSIC, 'rwlock', 'semaphore', 'double-barrier'] as const
/** They run a command. */
export const WRAPPING = [...HOLDING, 'once'] as const
/** They meet others. */
export const MEETING = ['rendezvous', 'rendezvous command'] as const
/** They run no command, and may have to wait. */
const ALONE = ['counter', 'barrier', 'gate wait', 'rendezvous'] as const
/** They have no `<wait>`, and may have to wait. */
export const WAITING = [...ALONE, 'rendezvous command'] as const
/** They have a claim in the lock tables. */
export const CLAIMING = [...WRAPPING, ...WAITING, 'gate close', 'gate open'] as const
/** They change the tables as such. */
const FOUNDING = ['schema apply', 'schema drop'] as const
/** People look after the cluster with them. */
const OPERATING = ['verify', 'status', 'break', 'doctor', 'history'] as const
/** They print what programs read too. */
export const PRINTING = [
  ...ALONE,
  ...FOUNDING,
  ...OPERATING,
  'gate close',
  'gate open',
  'embedded',
  'embedded stop',
] as const
/** They use a database. */
export const SERVED = [...CLAIMING, ...FOUNDING, ...OPERATING, 'schema', 'serve'] as const
