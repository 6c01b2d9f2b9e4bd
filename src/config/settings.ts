/**
 * The one table of settings: how each is read, and what it is when nothing gives it. The names of the environment variable
 * and of the flag follow from the key, and the types from the reader.
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

/** For how long the history is kept when nothing says for how long. */
export const HISTORY_MS = 30 * 86_400_000

export const SETTINGS = {
  /** Where the locks live. */
  server: setting(dsn),
  serverFile: setting(path),
  /** The members of one cluster, of which `server` is the first; engine `lease` goes from one to the next. */
  servers: setting(dsns),
  engine: setting(oneOf('auto', 'get_lock', 'lease'), 'auto'),
  /** How long the lock outlives a host that vanishes. */
  lease: setting(duration, 60_000),
  /** Between TERM and KILL when the command is ended by force. */
  grace: setting(duration, 10_000),
  /** Put before the lock's name before it is hashed; keeps clusters apart that share a server. */
  namespace: setting(namespace, ''),
  onLost: setting(oneOf('reclaim', 'terminate', 'ignore'), 'reclaim'),
  syslog: setting(syslog),
  /** Where sera's own messages go, besides errors (always stderr). */
  verbose: setting(verbose, false),
  /** Every outcome goes to syslog, not only failures. */
  audit: setting(truth, false),
  /**
   * The first to lock runs the command, the others wait and skip it. The original, too, takes this and the next from the
   * file, though it does not say so.
   */
  waitAndSkip: setting(truth, false),
  /** A skip is 205 instead of 0. */
  detailedExitCodes: setting(truth, false),
  history: setting(retention),
  /** Locks on a server that several members write to are void; this says that all hosts use one member. */
  allowMultiPrimary: setting(truth, false),
  /** How long transient connection failures are retried. */
  connectWait: setting(duration, 30_000),
  /** By how much the clocks of a cluster's members may differ. */
  maxClockSkew: setting(duration, 30_000),
  /** What to hide in a command line from others, besides what looks like a password. */
  mask: setting(patterns, []),
}

type Table = typeof SETTINGS
type ValueOf<Reader> = Reader extends ValueReader<infer T> ? T : never

export type SettingName = keyof Table

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[]

/** What each key's value is once it has been read, whether it came as JSON or as text. */
export type Values = { [Name in SettingName]: ValueOf<Table[Name]['read']> }

/** With a default where there is one. A duration is in milliseconds, as its name then says: `leaseMs`. */
type Defaulted = {
  [Name in SettingName as Table[Name]['read'] extends { unit: 'Ms' } ? `${Name}Ms` : Name]: Values[Name]
}

/** After resolution: every value is there, checked and in one unit. */
export interface Settings extends Omit<Defaulted, 'serverFile' | 'syslog' | 'history'> {
  servers: Dsn[]
  syslog: SyslogSettings | undefined
  /** What has run is remembered for `keepMs`; undefined: not at all. */
  history: History | undefined
}

export interface History {
  keepMs: number
  /** Also what runs under GET_LOCK, which else needs neither tables nor a second connection. */
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
