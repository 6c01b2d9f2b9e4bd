/** The lock name of a command: the same on every host, and the same as in the original tool. */
import { createHash } from 'node:crypto'
import { SeraError } from '../errors.js'

/**
 * Separates namespace and name. Neither an argument of a command nor a namespace contains it, so two pairs never give the same text.
 * By hand: `printf 'staging\0ls -ltra' | md5sum`.
 */
const SEPARATOR = '\0'

/** Names that need no hash: MySQL allows 64 characters and ignores case. */
const PLAIN_NAME = /^[a-z0-9_.:/-]{1,64}$/

/** Options of `lockName()`. */
export interface LockNameOptions {
  /** The name given by `--name`; it replaces the command line. */
  name?: string | undefined
  /** Separates clusters that share a server; '' means no namespace. */
  namespace?: string | undefined
}

/**
 * md5, lower-case hex, of the command line joined with single spaces: `ls -ltra` is 5373fa7de6f7dd54052abf86b3a53da4.
 * A given name is used unchanged if MySQL can distinguish it from others; otherwise it is hashed.
 *
 * @throws SeraError usage, when the given name is empty
 */
export function lockName(argv: readonly string[], { name, namespace = '' }: LockNameOptions = {}): string {
  if (name === '') throw new SeraError('usage', '--name is empty: give the lock a name, or leave the flag out')
  if (name !== undefined && namespace === '' && PLAIN_NAME.test(name)) return name
  const subject = name ?? argv.join(' ')
  return md5(namespace === '' ? subject : `${namespace}${SEPARATOR}${subject}`)
}

function md5(text: string): string {
  return createHash('md5').update(text, 'utf8').digest('hex')
}
