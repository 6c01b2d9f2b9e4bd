/** The one table of what can be set. Names of environment variables and flags follow from the keys. */
import type { Dsn } from './dsn.js'
import { ENGINES, type EngineChoice, ON_LOST, type OnLost, type SyslogSettings } from './settings.js'
import { syslog } from './syslog.js'
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

/** What each key's value is once it has been read, whether it came as JSON or as text. */
export interface Values {
  server: Dsn
  serverFile: string
  servers: Dsn[]
  engine: EngineChoice
  lease: number
  grace: number
  namespace: string
  onLost: OnLost
  syslog: SyslogSettings | false
  verbose: false | 'stdout' | 'stderr'
  audit: boolean
  waitAndSkip: boolean
  detailedExitCodes: boolean
  /** For how long, ms. */
  history: boolean | number
  allowMultiPrimary: boolean
  connectWait: number
  maxClockSkew: number
  mask: readonly RegExp[]
}

export type SettingName = keyof Values

export const SETTINGS: { readonly [Name in SettingName]: ValueReader<Values[Name]> } = {
  server: dsn,
  serverFile: path,
  servers: dsns,
  engine: oneOf(...ENGINES),
  lease: duration,
  grace: duration,
  namespace,
  onLost: oneOf(...ON_LOST),
  syslog,
  verbose,
  audit: truth,
  /** These two the original, too, takes from the file, though it does not say so. */
  waitAndSkip: truth,
  detailedExitCodes: truth,
  history: retention,
  allowMultiPrimary: truth,
  connectWait: duration,
  maxClockSkew: duration,
  mask: patterns,
}

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[]

/** `connectWait` is `SERA_CONNECT_WAIT`. */
export function variableOf(name: SettingName | 'config'): string {
  return `SERA_${name.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase()}`
}

/** `onLost` is `--on-lost`. */
export function flagOf(name: SettingName | 'config'): string {
  return `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
}
