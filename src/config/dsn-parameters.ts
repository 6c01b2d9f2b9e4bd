/** Reads the parameters of a DSN. As in go-sql-driver, names are case-sensitive, and the last of equal ones counts. */
import { type Dsn, type DsnTls, decoded, invalidDsn } from './dsn-type.js'

/** Long enough for a busy server or a lost packet, short enough for a waiting command. */
export const DEFAULT_CONNECT_TIMEOUT_MS = 10_000

export type DsnParameters = Omit<Dsn, 'user' | 'password' | 'address' | 'database'>

/** Names are shown. Any other text may be part of a password, if the slash before the parameters is missing. */
const NAME = /^[\w.-]+$/

type Read = (value: string, given: DsnParameters) => Partial<DsnParameters>

const PARAMETERS: Readonly<Record<string, Read>> = {
  /** As in Go, 0 means the default. */
  timeout: value => ({ connectTimeoutMs: goDuration('timeout', value) || DEFAULT_CONNECT_TIMEOUT_MS }),
  readTimeout: value => ({ readTimeoutMs: goDuration('readTimeout', value) }),
  writeTimeout: value => ({ writeTimeoutMs: goDuration('writeTimeout', value) }),
  tls: (value, { tls }) => ({ tls: { ...tls, mode: tlsMode(value) } }),
  'tls-ca': (value, { tls }) => ({ tls: { ...tls, ca: file('tls-ca', value) } }),
  'tls-cert': (value, { tls }) => ({ tls: { ...tls, cert: file('tls-cert', value) } }),
  'tls-key': (value, { tls }) => ({ tls: { ...tls, key: file('tls-key', value) } }),
  allowCleartextPasswords: value => ({ allowCleartextPasswords: goTruth('allowCleartextPasswords', value) }),
  charset: value => ({ charset: word('charset', /^[A-Za-z0-9_]+(?:,[A-Za-z0-9_]+)*$/, value) }),
  collation: value => ({ collation: word('collation', /^[A-Za-z0-9_]+$/, value) }),
}

export function parseParameters(query: string): DsnParameters {
  const given: DsnParameters = {
    connectTimeoutMs: DEFAULT_CONNECT_TIMEOUT_MS,
    readTimeoutMs: 0,
    writeTimeoutMs: 0,
    tls: { mode: 'off' },
    allowCleartextPasswords: false,
    charset: undefined,
    collation: undefined,
    ignored: [],
  }
  const pairs = query.split('&').filter(pair => pair !== '')
  for (const pair of pairs) readPair(pair, given)
  const modeGiven = pairs.some(pair => pair.startsWith('tls='))
  return { ...given, tls: checkedTls(given.tls, modeGiven) }
}

function readPair(pair: string, into: DsnParameters): void {
  const equals = pair.indexOf('=')
  const name = equals === -1 ? pair : pair.slice(0, equals)
  if (!NAME.test(name)) throw invalidDsn('the name of a parameter must consist of letters, digits and _ . -')
  const read = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined
  if (!read || equals === -1) into.ignored.push(name)
  else Object.assign(into, read(decoded(name, pair.slice(equals + 1).replaceAll('+', ' ')), into))
}

/** Certificates without `tls` turn TLS on. With `tls=false` they are a contradiction. */
function checkedTls(tls: DsnTls, modeGiven: boolean): DsnTls {
  if ((tls.cert === undefined) !== (tls.key === undefined))
    throw invalidDsn('tls-cert and tls-key need each other; give both')
  if (tls.mode !== 'off' || (tls.ca ?? tls.cert) === undefined) return tls
  if (modeGiven) throw invalidDsn('tls=false contradicts tls-ca, tls-cert and tls-key')
  return { ...tls, mode: 'verify' }
}

function tlsMode(value: string): DsnTls['mode'] {
  switch (value.toLowerCase()) {
    case '1':
    case 'true':
      return 'verify'
    case '0':
    case 'false':
      return 'off'
    case 'skip-verify':
      return 'skip-verify'
    case 'preferred':
      return 'preferred'
    default:
      throw invalidDsn('tls must be true, skip-verify, preferred or false; name a CA of your own with tls-ca')
  }
}

/** Reads a switch as go-sql-driver does. */
function goTruth(name: string, value: string): boolean {
  if (['1', 'true', 'TRUE', 'True'].includes(value)) return true
  if (['0', 'false', 'FALSE', 'False'].includes(value)) return false
  throw invalidDsn(`${name} must be true or false`)
}

const GO_UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}
const GO_AMOUNT = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g
const GO_DURATION = new RegExp(`^(?:0|(?:${GO_AMOUNT.source})+)$`)

/** Reads a duration as Go's time.ParseDuration does: 0, or numbers with units. In ms; less than 1 ms is rounded up. */
function goDuration(name: string, value: string): number {
  if (!GO_DURATION.test(value)) throw invalidDsn(`${name} must be a duration with a unit, as in 500ms or 1m30s`)
  const ms = [...value.matchAll(GO_AMOUNT)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * GO_UNITS[unit!]!,
    0,
  )
  if (!Number.isSafeInteger(Math.ceil(ms))) throw invalidDsn(`${name} is too long`)
  return ms < 1 ? Math.ceil(ms) : Math.round(ms)
}

function file(name: string, value: string): string {
  if (value === '') throw invalidDsn(`${name} must name a file`)
  return value
}

/** Checked strictly, because it becomes part of an SQL statement. */
function word(name: string, form: RegExp, value: string): string {
  if (!form.test(value)) throw invalidDsn(`${name} must be the name of a ${name}`)
  return value
}
