/**
 * Readers of single values: `json` reads the config file, `text` the environment and flags. A reader throws a SeraError
 * that says what it expected; the caller adds the origin of the value.
 */
import { SeraError, type SeraErrorKind } from '../errors.js'
import { type Dsn, parseDsn } from './dsn.js'
import { parseDuration, secondsToMs } from './duration.js'

export interface ValueReader<T> {
  json(value: unknown): T
  text(text: string): T
  /** The value of a bare flag such as `--verbose`; undefined if the flag needs a value. */
  readonly bare?: T
  /** All values, if they can be listed. */
  readonly choices?: readonly string[]
  /** The value is a time, in milliseconds. */
  readonly unit?: 'Ms'
  /** The keys of the value, if it may be an object. */
  readonly keys?: readonly string[]
}

/** Reads a value, and adds its origin to an error: `--lease: expected seconds …`. */
export function located<T>(where: string, kind: SeraErrorKind, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof SeraError)) throw error
    throw new SeraError(kind, `${where}: ${error.message}`)
  }
}

/** The error for a value of the wrong kind. */
export function unexpected(expected: string, value: unknown): SeraError {
  return new SeraError('config', `expected ${expected}, got ${shown(value)}`)
}

/** A reader for values that are strings in JSON, too. */
export function fromStrings<T>(expected: string, text: (text: string) => T | undefined): ValueReader<T> {
  const read = (value: unknown): T => {
    const result = typeof value === 'string' && value !== '' ? text(value) : undefined
    if (result === undefined) throw unexpected(expected, value)
    return result
  }
  return { text: read, json: read }
}

export function oneOf<T extends string>(...choices: readonly T[]): ValueReader<T> {
  const expected = listed(choices.map(choice => `"${choice}"`))
  return { ...fromStrings(expected, text => choices.find(choice => choice === text)), choices }
}

export const path: ValueReader<string> = fromStrings('the path of a file', text => text)

export const namespace: ValueReader<string> = fromStrings('a name', text => text)

const DURATION = 'seconds or a duration like 90s, 5m, 1h30m'

export const duration: ValueReader<number> & { unit: 'Ms' } = {
  unit: 'Ms',
  text: fromStrings(DURATION, parseDuration).text,
  json: value => {
    const ms =
      typeof value === 'number' ? secondsToMs(value) : typeof value === 'string' ? parseDuration(value) : undefined
    if (ms === undefined) throw unexpected(DURATION, value)
    return ms
  },
}

const TRUE = ['true', '1', 'yes', 'on']
const FALSE = ['false', '0', 'no', 'off']

/** Reads yes or no from an environment variable; undefined for anything else. */
export function truthOf(text: string): boolean | undefined {
  const word = text.toLowerCase()
  return TRUE.includes(word) ? true : FALSE.includes(word) ? false : undefined
}

export const truth: ValueReader<boolean> = {
  text: fromStrings('true or false', truthOf).text,
  json: value => {
    if (typeof value !== 'boolean') throw unexpected('true or false', value)
    return value
  },
  bare: true,
}

const RETENTION = 'true, false, or for how long, such as "30d"'

/** Whether to keep the history, or how long, ms. A duration needs a unit: a number alone could be days or seconds. */
export const retention: ValueReader<boolean | number> = {
  text: text => truthOf(text) ?? keptFor(text),
  json: value => (typeof value === 'boolean' ? value : keptFor(value)),
}

function keptFor(value: unknown): number {
  const ms = typeof value === 'string' && /[a-z]$/.test(value) ? parseDuration(value) : undefined
  if (!ms) throw unexpected(RETENTION, value)
  return ms
}

const VERBOSE = 'true, false, "stdout" or "stderr"'

/** As in the original, `true` means stdout. A bare `--verbose` means stderr, to stay out of pipelines. */
export const verbose: ValueReader<false | 'stdout' | 'stderr'> = {
  text: text => (text === 'stdout' || text === 'stderr' ? text : fromTruth(truthOf(text), text)),
  json: value => (value === 'stdout' || value === 'stderr' ? value : fromTruth(value, value)),
  bare: 'stderr',
}

function fromTruth(truth: unknown, value: unknown): false | 'stdout' {
  if (typeof truth !== 'boolean') throw unexpected(VERBOSE, value)
  return truth && 'stdout'
}

/** Its errors do not show the value, which may contain a password. */
export const dsn: ValueReader<Dsn> = {
  text: parseDsn,
  json: value => {
    if (typeof value !== 'string') throw new SeraError('config', `expected a DSN, got ${typeName(value)}`)
    return parseDsn(value)
  },
}

/** The members of one cluster, separated by blanks in an environment variable. */
export const dsns: ValueReader<Dsn[]> = {
  text: text => text.trim().split(/\s+/).map(parseDsn),
  json: value => {
    if (Array.isArray(value) && value.length > 0) return value.map(dsn.json)
    throw new SeraError(
      'config',
      `expected a list of DSNs, got ${Array.isArray(value) ? 'an empty one' : typeName(value)}`,
    )
  },
}

const PATTERNS = 'a list of regular expressions'

/** Regular expressions, one a line in an environment variable. */
export const patterns: ValueReader<RegExp[]> = {
  text: text => {
    const lines = text.split('\n').filter(Boolean)
    if (lines.length === 0) throw unexpected(PATTERNS, text)
    return lines.map(pattern)
  },
  json: value => {
    if (Array.isArray(value)) return value.map(pattern)
    throw unexpected(PATTERNS, value)
  },
}

/** `hideMatches` needs the flags d and g. The error does not show the pattern: it may contain a password. */
function pattern(source: unknown, at: number): RegExp {
  if (typeof source !== 'string' || source === '')
    throw new SeraError('config', `pattern ${at + 1} is not text, or is empty`)
  try {
    return new RegExp(source, 'dg')
  } catch (error) {
    const reason = (error as Error).message.replace(/^.*: /s, '')
    throw new SeraError('config', `pattern ${at + 1} is not a regular expression: ${reason}`)
  }
}

/** A value for an error message. Text with an @ is not shown: it may be a misplaced DSN. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'object' && value !== null) return typeName(value)
  const text = JSON.stringify(value)
  if (text.includes('@')) return typeName(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function listed(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
