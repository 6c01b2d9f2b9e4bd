/** Reads the config file, which is strict JSON, and the file of a DSN. */
import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { SeraError } from '../errors.js'
import { containsNul, type Dsn, parseDsn } from './dsn.js'
import { nearest } from './nearest.js'
import { readerOf, SETTING_NAMES, type SettingName, type Values } from './settings.js'
import { located } from './values.js'

export const DEFAULT_FILE = '/etc/sera.json'

export interface ConfigFile {
  values: Partial<Values>
  /** Unknown keys, one line each. */
  warnings: string[]
}

/**
 * As in the original, a key matches exactly or else without regard to case, and `null` counts as absent. A relative
 * `serverFile` is relative to the config file.
 *
 * @throws SeraError config if the file is missing, unreadable or not JSON, or a value is invalid; the message never
 * contains a password
 */
export async function readConfigFile(file: string): Promise<ConfigFile> {
  const config: ConfigFile = { values: {}, warnings: [] }
  for (const [key, value] of Object.entries(await readObject(file))) {
    const name = settingNamed(key)
    if (name === undefined) config.warnings.push(`${file}: ${unknownKey(key, SETTING_NAMES)}`)
    else if (value !== null) located(`${file}: ${key}`, 'config', () => readSetting(config, file, name, value))
  }
  const { serverFile } = config.values
  if (serverFile !== undefined) config.values.serverFile = resolve(dirname(file), serverFile)
  return config
}

/** Reads a DSN from a file of its own, for example a mounted secret. White space around it is ignored. */
export function readServerFile(file: string): Dsn {
  const text = readText(file).trim()
  return located(file, 'config', () => parseDsn(text))
}

/** Whether reading failed because the file does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof SeraError && codeOf(error.cause) === 'ENOENT'
}

function settingNamed(key: string): SettingName | undefined {
  return (
    SETTING_NAMES.find(name => name === key) ?? SETTING_NAMES.find(name => name.toLowerCase() === key.toLowerCase())
  )
}

function readSetting<Name extends SettingName>(config: ConfigFile, file: string, name: Name, value: unknown): void {
  if (containsNul(value)) throw new SeraError('config', 'it contains a NUL character')
  const { keys, json } = readerOf(name)
  config.values[name] = json(value)
  if (!keys || typeof value !== 'object') return
  const unknown = Object.keys(value ?? {}).filter(key => !keys.includes(key))
  config.warnings.push(...unknown.map(key => `${file}: ${name}: ${unknownKey(key, keys)}`))
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearest(key, known)
  return `unknown key ${JSON.stringify(key)}${meant === undefined ? '' : `, did you mean "${meant}"?`}`
}

async function readObject(file: string): Promise<object> {
  const text = readText(file)
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw new SeraError('config', `${file} is not valid JSON: ${await syntaxError(text)}`)
  }
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json
  throw new SeraError('config', `${file} must contain a JSON object, as in {"server": "sera:…@tcp(db:3306)/sera"}`)
}

/** The position and the kind of the error. The message of JSON.parse quotes the text, which may contain a password. */
async function syntaxError(text: string): Promise<string> {
  const { parse, printParseErrorCode } = await import('jsonc-parser')
  const errors: import('jsonc-parser').ParseError[] = []
  parse(text, errors, { disallowComments: true })
  const first = errors[0]
  if (!first) return 'it has a character that JSON does not allow'
  const before = text.slice(0, first.offset).split('\n')
  const what = printParseErrorCode(first.error)
    .replace(/(?<!^)[A-Z]/g, ' $&')
    .toLowerCase()
  return `line ${before.length}, column ${before.at(-1)!.length + 1}: ${what}`
}

/** Skips a byte order mark. */
function readText(file: string): string {
  const bytes = readBytes(file)
  if (!isUtf8(bytes)) throw new SeraError('config', `${file} is not UTF-8 text`)
  return bytes.toString('utf8').replace(/^\uFEFF/, '')
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new SeraError('config', `cannot read ${file}: ${whyUnreadable(cause)}`, { cause })
  }
}

/** A short reason, instead of Node's `ENOENT: no such file or directory, open '…'`. */
export function whyUnreadable(error: unknown): string {
  return REASONS[codeOf(error)] ?? codeOf(error)
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? 'unknown error'
}
