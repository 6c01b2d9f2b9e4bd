/** sera as a library. Importing it starts nothing. The primitives come with the lock tables. */
export { SeraError, type SeraErrorKind } from './errors.js'
export { type LockNameOptions, lockName } from './lockname/lockname.js'
export { EXIT_CODES } from './outcome.js'
export { VERSION } from './version.js'
