/** Resolves the settings. For each key, flags override the environment, which overrides the config file. */
import { SeraError, type SeraErrorKind } from '../errors.js'
import { type Dsn, EMBEDDED } from './dsn.js'
import { type ConfigFile, DEFAULT_FILE, isMissing, readConfigFile, readServerFile } from './file.js'
import { checkLease } from './lease.js'
import {
  type EngineChoice,
  flagOf,
  HISTORY_MS,
  type History,
  readerOf,
  SETTING_NAMES,
  type SettingLookup,
  type SettingName,
  type Settings,
  type Values,
  valuesFrom,
  variableOf,
} from './settings.js'
import { DEFAULT_SYSLOG } from './syslog.js'
import { located, unexpected } from './values.js'

/** The flags as typed, by setting: true for a bare flag (`--verbose`), false for a negated one. */
export type Flags = Readonly<Partial<Record<SettingName | 'config', string | boolean | undefined>>>

export interface Given {
  env: Readonly<Record<string, string | undefined>>
  flags?: Flags
  /** The default config file. It may be missing if flag or environment name a server. */
  file?: string
  /** The run asks no server, so none need be named. */
  serverless?: boolean
  /** The run ends no command, so the lease need not leave room for a grace. */
  graceless?: boolean
}

export interface Resolved {
  settings: Settings
  /** One line each. */
  warnings: string[]
  /** The origin of a value, for errors and for `doctor`: `--lease`, `SERA_LEASE`, `/etc/sera.json: lease`, `default`. */
  originOf(name: SettingName): string
  /** The config file that was read. */
  file: string | undefined
  /** The origin of the servers: `SERA_SERVER`, `/etc/sera.json: servers`. */
  serversFrom: string
  /** The file that contains their DSNs. */
  serversFile: string | undefined
}

/** One source of settings: the flags, the environment or the config file. */
interface Source {
  values: Partial<Values>
  warnings: string[]
  /** The name of a setting in this source. */
  nameOf(name: SettingName): string
  /** The kind of error that a bad value is. */
  kind: SeraErrorKind
  /** The path of the config file. */
  file?: string
}

interface NamedServers {
  servers: [Dsn, ...Dsn[]]
  /** Their origin. */
  from: string
  file: string | undefined
}

/**
 * @throws SeraError usage if the value of a flag is wrong; config if one of the file or the environment is, if the file
 * cannot be read, or if no server is named
 * @example const { settings } = await resolveSettings({ env: process.env, flags: { lease: '2m' } })
 */
export async function resolveSettings({
  env,
  flags = {},
  file = DEFAULT_FILE,
  serverless = false,
  graceless = false,
}: Given): Promise<Resolved> {
  const fromFlags = readFlags(flags)
  const fromEnvironment = readEnvironment(env)
  const { path, named } = configPath(env, flags, file)
  const fromFile = await readFile(path, named)
  const sources = [fromFlags, fromEnvironment, ...(fromFile ? [fromFile] : [])]
  const sourceOf = (name: SettingName) => sources.find(source => source.values[name] !== undefined)
  const pick: SettingLookup = name => sourceOf(name)?.values[name]
  const originOf = (name: SettingName) => sourceOf(name)?.nameOf(name) ?? 'default'

  const otherwise = serverless ? undefined : fromFile ? `${path} names none` : `${path} does not exist`
  const { servers, from, file: serversFile } = findServers(sources, otherwise)
  const settings = withDefaults(servers, pick)
  if (graceless) settings.graceMs = 0
  if (flags.syslog === true) settings.syslog ??= DEFAULT_SYSLOG
  if (servers.length > 1 && settings.engine === 'get_lock') throw tooMany(sourceOf('engine')?.kind, originOf)
  const leaseIsFlag = [sourceOf('lease'), sourceOf('grace')].includes(fromFlags)
  checkLease(settings, leaseIsFlag ? 'usage' : 'config', originOf)
  const warnings = sources.flatMap(source => source.warnings)
  return { settings, warnings, originOf, file: fromFile && path, serversFrom: from, serversFile }
}

function withDefaults(servers: [Dsn, ...Dsn[]], pick: SettingLookup): Settings {
  const { serverFile: _, ...settings } = valuesFrom(pick)
  return {
    ...settings,
    server: servers[0],
    servers,
    engine: engineFor(servers, settings.engine),
    syslog: settings.syslog || undefined,
    history: historyFor(settings.history),
  }
}

function historyFor(keep: boolean | number | undefined): History | undefined {
  if (keep === false) return undefined
  return { keepMs: typeof keep === 'number' ? keep : HISTORY_MS, always: keep !== undefined }
}

/** With several servers `auto` means `lease`, because GET_LOCK would be a different lock on each server. */
function engineFor(servers: readonly Dsn[], engine: EngineChoice): EngineChoice {
  return engine === 'auto' && servers.length > 1 ? 'lease' : engine
}

/** The three ways to name a server count as one setting: the source with the highest precedence decides alone. */
function findServers(sources: Source[], otherwise: string | undefined): NamedServers {
  const ways = ['server', 'serverFile', 'servers'] as const
  const source = sources.find(({ values }) => ways.some(way => values[way] !== undefined))
  if (!source) {
    if (otherwise === undefined) return { servers: [EMBEDDED], from: 'default', file: undefined }
    throw new SeraError(
      'config',
      `no server: ${otherwise}; name one with --server, SERA_SERVER, or "server" in the config file, ` +
        'or use --server embedded to guard this host only (sera never runs a command unguarded)',
    )
  }
  const { server, serverFile, servers } = source.values
  const given = ways.filter(way => source.values[way] !== undefined).map(source.nameOf)
  if (given.length > 1) throw new SeraError(source.kind, `${given.join(' and ')} each name the server: give only one`)
  const named = { from: given[0] as string, file: source.file }
  if (server) return { ...named, servers: [server] }
  if (serverFile !== undefined) return { ...named, servers: [readServerFile(serverFile)], file: serverFile }
  if (servers!.length > 1 && servers!.some(({ address }) => address.net === 'embedded')) {
    throw new SeraError(source.kind, `${given[0]}: embedded cannot be one of several servers`)
  }
  return { ...named, servers: servers as [Dsn, ...Dsn[]] }
}

/** GET_LOCK is local to one server. */
function tooMany(kind: SeraErrorKind = 'config', originOf: (name: SettingName) => string): SeraError {
  const given = `${originOf('servers')} names several servers, and ${originOf('engine')} is get_lock`
  return new SeraError(kind, `${given}, which locks on one server only: use the engine lease, or name one server`)
}

function configPath(env: Given['env'], flags: Flags, file: string): { path: string; named: boolean } {
  const [path, name, kind] =
    flags.config !== undefined
      ? ([flags.config, flagOf('config'), 'usage'] as const)
      : ([env[variableOf('config')], variableOf('config'), 'config'] as const)
  if (path === undefined) return { path: file, named: false }
  return located(name, kind, () => {
    if (typeof path !== 'string' || path === '') throw unexpected('the path of a file', path)
    return { path, named: true }
  })
}

/** Undefined if the default file does not exist. */
async function readFile(path: string, named: boolean): Promise<Source | undefined> {
  let config: ConfigFile
  try {
    config = await readConfigFile(path)
  } catch (error) {
    if (!named && isMissing(error)) return undefined
    throw error
  }
  return { ...config, kind: 'config', nameOf: name => `${path}: ${name}`, file: path }
}

function readEnvironment(env: Given['env']): Source {
  const source: Source = { values: {}, warnings: [], kind: 'config', nameOf: variableOf }
  for (const name of SETTING_NAMES) take(source, name, env[variableOf(name)])
  return source
}

function readFlags(flags: Flags): Source {
  const source: Source = { values: {}, warnings: [], kind: 'usage', nameOf: flagOf }
  for (const name of SETTING_NAMES) {
    // a bare --syslog has no address; it uses that of the config
    if (name !== 'syslog' || flags.syslog !== true) take(source, name, flags[name])
  }
  const named = [source.values.server, ...(source.values.servers ?? [])]
  if (named.some(dsn => dsn && dsn.password !== '')) {
    source.warnings.push(
      `the password in ${flagOf('server')} is visible in ps; use SERA_SERVER, "serverFile" or the config file`,
    )
  }
  return source
}

function take<Name extends SettingName>(source: Source, name: Name, raw: string | boolean | undefined): void {
  if (raw === undefined) return
  const { text, json, bare } = readerOf(name)
  source.values[name] = located(source.nameOf(name), source.kind, () => {
    if (typeof raw === 'string') return text(raw)
    return raw && bare !== undefined ? bare : json(raw)
  })
}
