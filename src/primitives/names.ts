/** What may be a name or a count: the same for the library, the command line and the gateway. */
import { SeraError } from '../errors.js'

/** Characters (code points): what the lock tables have room for. */
export const LONGEST_NAME = 255
/** More participants than any cluster has; and as many claims are read in one step. */
export const HIGHEST_COUNT = 1_000_000

/** A control character makes a log line two lines; half a surrogate pair has no UTF-8, so that names would run together. */
const NOT_IN_A_NAME = /[\p{Cc}\p{Cs}]/u

/**
 * The name of a resource, or of something at one (a tag, say); `what` is what messages call it.
 *
 * @throws SeraError usage
 * @example checkName('semaphore', 'licences')
 */
export function checkName(what: string, name: unknown, longest = LONGEST_NAME): string {
  if (typeof name !== 'string') throw wrong(`the ${what}'s name is text, not ${typeName(name)}`)
  if (name === '') throw wrong(`the ${what}'s name is empty: it has 1 to ${longest} characters`)
  const { length } = [...name]
  if (length > longest) throw wrong(`the ${what}'s name has ${length} characters: ${longest} are allowed`)
  if (NOT_IN_A_NAME.test(name)) {
    throw wrong(`the ${what}'s name ${JSON.stringify(name)} has a control character in it: only text is allowed`)
  }
  return name
}

/**
 * How many of something: permits, parties, units, mates.
 *
 * @throws SeraError usage
 * @example checkCount('permits', 3)
 */
export function checkCount(what: string, count: unknown, most = HIGHEST_COUNT, least = 1): number {
  if (Number.isInteger(count) && Number(count) >= least && Number(count) <= most) return Number(count)
  throw wrong(`${what}: expected a whole number from ${least} to ${most}, got ${shown(count)}`)
}

/**
 * What a counter is to be changed by.
 *
 * @throws SeraError usage
 */
export function checkDelta(delta: unknown): number {
  if (Number.isSafeInteger(delta)) return Number(delta)
  throw wrong(`delta: expected a whole number below ${Number.MAX_SAFE_INTEGER} either way, got ${shown(delta)}`)
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

/** Kinds of resources. The same name is another resource with each. */
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
