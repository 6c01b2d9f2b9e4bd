/** The name a command is locked under, the same on every host and the same as the original tool's. */
import { createHash } from 'node:crypto'
import { SeraError } from '../errors.js'

/**
 * Between namespace and name. No argument of a command can contain it and no namespace may, so no two pairs read alike.
 * By hand: `printf 'staging\0ls -ltra' | md5sum`.
 */
const SEPARATOR = '\0'

/** What may be a lock's name as it stands: MySQL allows 64 characters and compares without case. */
const PLAIN_NAME = /^[a-z0-9_.:/-]{1,64}$/

export interface LockNameOptions {
  /** Lock this name, not the command line (`--name`). */
  name?: string | undefined
  /** Keeps clusters apart that share a server; '' is none. */
  namespace?: string | undefined
}

/**
 * md5, lower-case hex, of the command line joined with single spaces: `ls -ltra` is 5373fa7de6f7dd54052abf86b3a53da4.
 * A name that was given is used as it stands where MySQL can tell it from others, and hashed otherwise.
 *
 * @throws SeraError usage, when the name given is empty
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
