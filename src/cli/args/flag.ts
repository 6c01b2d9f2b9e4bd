/** The type of a flag, and the readers of its value: one for each kind of value. */
import { parseDate } from '../../config/date.js'
import { parseDuration, parseWait } from '../../config/duration.js'
import { SETTINGS, type SettingName } from '../../config/settings.js'
import type { ValueReader } from '../../config/values.js'
import { SeraError } from '../../errors.js'
import type { FormName } from './command-table.js'

export interface Flag extends Partial<FlagReader> {
  name: string
  /** One letter. -H, -r and -p are those of the Distributex client. */
  short?: string
  /** The setting that this flag overrides, if it is one. */
  setting?: SettingName | 'config'
  /** The value when the flag is not given. */
  otherwise?: unknown
  /** The help text, a verb first. Help appends the default. */
  describe: string
  /** The flag may be given several times; its values are joined by commas. */
  repeats?: true
  group: 'Waiting' | 'Running' | 'Lock' | 'Setup' | 'Messages'
  /** The forms of the command line that accept it; all when absent. */
  with?: readonly FormName[]
}

export interface FlagReader<T = unknown> {
  /** The name of the value in help; absent for a switch. */
  value?: string | undefined
  /** @param flag the name for messages, such as `--limit` @throws SeraError usage */
  read(text: string, flag: string): T
  /** All values, if they can be listed. */
  choices?: readonly string[] | undefined
  /** The value is a time, in milliseconds. */
  unit?: 'Ms' | undefined
}

/** A switch. */
export const on = { otherwise: false, read: (text: string): boolean => text === 'true' }

/** A flag that overrides a setting. `src/config` reads its value. */
export function setting<Name extends SettingName | 'config'>(name: Name, value?: string) {
  if (name === 'config') return { setting: name, value }
  const { read, otherwise } = SETTINGS[name as SettingName]
  const { choices, unit } = read as ValueReader<unknown>
  return { setting: name, value, choices, unit, otherwise }
}

function reader<T>(value: string, read: FlagReader<T>['read']) {
  return {
    value,
    read: (text: string, flag: string) => {
      if (text === '') throw new SeraError('usage', `${flag} is empty; is a variable unset?`)
      return read(text, flag)
    },
  }
}

export const text = (value: string) => reader(value, given => given)

/** Like `text`, but an empty string is valid. */
export const anyText = (value: string) => ({ value, read: (given: string) => given })

/** Several texts, separated by commas. */
export const texts = (value: string) => reader(value, given => given.split(','))

/** The size of the column in the history. */
const LONGEST_REASON = 500

export const reason = reader('TEXT', (given, flag) => {
  const { length } = [...given]
  if (length <= LONGEST_REASON) return given
  throw new SeraError('usage', `${flag} has ${length} characters; at most ${LONGEST_REASON} are allowed`)
})

export const number = reader('N', (given, flag) => wholeNumber(flag, given))

/** Checks only that it is a whole number; the primitive checks its range. @throws SeraError usage */
export function wholeNumber(what: string, given: string): number {
  const isWhole = /^[+-]?\d+$/.test(given)
  if (isWhole && Number.isSafeInteger(Number(given))) return Number(given)
  const kind = isWhole
    ? `a whole number between ${Number.MIN_SAFE_INTEGER} and ${Number.MAX_SAFE_INTEGER}`
    : 'a whole number'
  throw new SeraError('usage', `${what}: expected ${kind}, got ${quoted(given)}`)
}

export const exitCode = reader('N', (given, flag) => {
  if (/^\d{1,3}$/.test(given) && Number(given) <= 255) return Number(given)
  throw wrong(flag, 'a number from 0 to 255', given)
})

/** A duration, or `forever`. */
export const wait = time((given, flag) => {
  const ms = parseWait(given)
  if (ms === undefined) throw wrong(flag, '0, 90, 1.5, 500ms, 90s, 5m, 1h30m or forever', given)
  return ms
})

export const duration = time((given, flag) => {
  const ms = parseDuration(given)
  if (ms === undefined) throw wrong(flag, 'a time such as 30s, 5m or 1h30m', given)
  return ms
})

/** A duration that is not 0. */
export const period = time((given, flag) => {
  const ms = duration.read(given, flag)
  if (ms === 0) throw new SeraError('usage', `${flag} must be longer than 0`)
  return ms
})

function time(read: FlagReader<number>['read']) {
  return { ...reader('TIME', read), unit: 'Ms' as const }
}

/** A number is an age in ms; a Date is a point in time. */
export const moment = reader('WHEN', (given, flag): number | Date => {
  const since = parseDuration(given) ?? parseDate(given)
  if (since === undefined) throw wrong(flag, '2h, 7d, 2026-11-21 or 2026-11-21T16:40 (UTC)', given)
  return since
})

export function oneOf<T extends string>(value: string, ...choices: readonly T[]) {
  const read = (given: string, flag: string): T => {
    const meant = choices.find(choice => choice === given)
    if (meant === undefined) throw wrong(flag, choices.join(' or '), given)
    return meant
  }
  return { ...reader(value, read), choices }
}

function wrong(flag: string, takes: string, given: string): SeraError {
  return new SeraError('usage', `${flag} must be ${takes}, not ${quoted(given)}`)
}

function quoted(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
}
