/** Checks of names and counts: the same for the library, the command line and the gateway. */
import { SeraError } from '../errors.js'

/** Characters (code points): the size of the column in the lock tables. */
export const LONGEST_NAME = 255
/** More participants than a cluster has. A step may read this many claims. */
export const HIGHEST_COUNT = 1_000_000

/** A control character would split a log line. Half a surrogate pair has no UTF-8: two names could be equal in the tables. */
const NOT_IN_A_NAME = /[\p{Cc}\p{Cs}]/u

/**
 * Checks the name of a resource, a tag or a holder. `what` names it in messages.
 *
 * @throws SeraError usage
 * @example checkName('semaphore', 'licences')
 */
export function checkName(what: string, name: unknown, longest = LONGEST_NAME): string {
  if (typeof name !== 'string') throw wrong(`the ${what}'s name must be text, not ${typeName(name)}`)
  if (name === '') throw wrong(`the ${what}'s name is empty: 1 to ${longest} characters are allowed`)
  const { length } = [...name]
  if (length > longest) throw wrong(`the ${what}'s name has ${length} characters: ${longest} are allowed`)
  if (NOT_IN_A_NAME.test(name)) {
    throw wrong(`the ${what}'s name ${JSON.stringify(name)} contains a control character or half a surrogate pair`)
  }
  return name
}

/**
 * Checks a count of permits, parties, units or mates. `what` names it in messages.
 *
 * @throws SeraError usage
 * @example checkCount('permits', 3)
 */
export function checkCount(what: string, count: unknown, most = HIGHEST_COUNT, least = 1): number {
  if (Number.isInteger(count) && Number(count) >= least && Number(count) <= most) return Number(count)
  throw wrong(`${what}: expected a whole number from ${least} to ${most}, got ${shown(count)}`)
}

/**
 * Checks the amount to add to a counter.
 *
 * @throws SeraError usage
 */
export function checkDelta(delta: unknown): number {
  if (Number.isSafeInteger(delta)) return Number(delta)
  throw wrong(`delta: expected a whole number, at most ±${Number.MAX_SAFE_INTEGER}, got ${shown(delta)}`)
}

function wrong(message: string): SeraError {
  return new SeraError('usage', message)
}

function shown(value: unknown): string {
  return typeof value === 'number' ? String(value) : typeName(value)
}

function typeName(value: unknown): string {
  return value === null || value === undefined ? String(value) : `a ${typeof value}`
}

/** Kinds of resources. Resources of different kinds may have the same name. */
export const KINDS = [
  'mutex',
  'rwlock',
  'semaphore',
  'counter',
  'barrier',
  'double-barrier',
  'gate',
  'rendezvous',
  'once',
  'pool',
] as const

export type Kind = (typeof KINDS)[number]
