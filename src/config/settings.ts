/**
 * The one table of settings: for each key its reader and its default. The names of the environment variable and of the
 * flag follow from the key, and the type from the reader.
 */
import type { Dsn } from './dsn.js'
import { type SyslogSettings, syslog } from './syslog.js'
import {
  dsn,
  dsns,
  duration,
  namespace,
  oneOf,
  path,
  patterns,
  retention,
  truth,
  type ValueReader,
  verbose,
} from './values.js'

/** How long the history is kept by default. */
export const HISTORY_MS = 30 * 86_400_000

export const SETTINGS = {
  /** The database server with the locks. */
  server: setting(dsn),
  serverFile: setting(path),
  /** The members of one cluster; `server` is the first. Engine `lease` moves to the next one when a member fails. */
  servers: setting(dsns),
  engine: setting(oneOf('auto', 'get_lock', 'lease'), 'auto'),
  /** How long a lock outlives its host. */
  lease: setting(duration, 60_000),
  /** The time between TERM and KILL when sera ends the command. */
  grace: setting(duration, 10_000),
  /** A prefix of lock names before hashing, which separates clusters on one server. */
  namespace: setting(namespace, ''),
  onLost: setting(oneOf('reclaim', 'terminate', 'ignore'), 'reclaim'),
  syslog: setting(syslog),
  /** The stream for messages other than errors, which always go to stderr. */
  verbose: setting(verbose, false),
  /** Log every outcome to syslog, not only failures. */
  audit: setting(truth, false),
  /**
   * Only the first holder runs the command; the others wait and skip it. The original reads this setting and the next one
   * from the config file, too, although its documentation does not say so.
   */
  waitAndSkip: setting(truth, false),
  /** Exit with 205 instead of 0 after a skip. */
  detailedExitCodes: setting(truth, false),
  history: setting(retention),
  /** If several members of a cluster take writes, GET_LOCK does not exclude. This asserts that all hosts use one member. */
  allowMultiPrimary: setting(truth, false),
  /** How long sera retries after a transient connection failure. */
  connectWait: setting(duration, 30_000),
  /** The largest allowed difference between the clocks of the members of a cluster. */
  maxClockSkew: setting(duration, 30_000),
  /** Patterns to hide in command lines, in addition to what looks like a password. */
  mask: setting(patterns, []),
}

type Table = typeof SETTINGS
type ValueOf<Reader> = Reader extends ValueReader<infer T> ? T : never

export type SettingName = keyof Table

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[]

/** The type of each key's value after reading, from JSON or from text. */
export type Values = { [Name in SettingName]: ValueOf<Table[Name]['read']> }

/** The values with defaults. A duration is in milliseconds, and its name says so: `leaseMs`. */
type Defaulted = {
  [Name in SettingName as Table[Name]['read'] extends { unit: 'Ms' } ? `${Name}Ms` : Name]: Values[Name]
}

/** The resolved settings, complete and checked. */
export interface Settings extends Omit<Defaulted, 'serverFile' | 'syslog' | 'history'> {
  servers: Dsn[]
  syslog: SyslogSettings | undefined
  /** Undefined: no history. */
  history: History | undefined
}

export interface History {
  keepMs: number
  /** Record also runs under GET_LOCK, which otherwise need neither tables nor a second connection. */
  always: boolean
}

export type EngineChoice = Settings['engine']
export type OnLost = Settings['onLost']

function setting<Reader extends ValueReader<unknown>>(read: Reader, otherwise?: ValueOf<Reader>) {
  return { read, otherwise }
}

export function readerOf<Name extends SettingName>(name: Name): ValueReader<Values[Name]> {
  return SETTINGS[name].read as ValueReader<Values[Name]>
}

export type SettingLookup = <Name extends SettingName>(name: Name) => Values[Name] | undefined

export function valuesFrom(pick: SettingLookup): Defaulted {
  const values = SETTING_NAMES.map(name => {
    const { read, otherwise } = SETTINGS[name]
    return [`${name}${(read as ValueReader<unknown>).unit ?? ''}`, pick(name) ?? otherwise]
  })
  return Object.fromEntries(values)
}

/** `connectWait` is `SERA_CONNECT_WAIT`. */
export function variableOf(name: SettingName | 'config'): string {
  return `SERA_${name.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase()}`
}

/** `onLost` is `--on-lost`. */
export function flagOf(name: SettingName | 'config'): string {
  return `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
}
