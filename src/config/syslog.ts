/** Reads the setting `syslog`: true, false, an address, or an object with address, facility and tag. */
import { SeraError } from '../errors.js'
import { fromStrings, oneOf, truthOf, unexpected, type ValueReader } from './values.js'

export interface SyslogSettings {
  /** In one of these forms: `unix:/dev/log`, `udp://host:514`, `tcp://[::1]:514`. */
  address: string
  /** A name of syslog.conf(5). */
  facility: string
  tag: string
}

const ADDRESS = 'unix:/path, /path, udp://host[:514] or tcp://host[:514]'
const NETWORK = /^(udp|tcp):\/\/(\[[0-9A-Fa-f:.]+\]|[^:/[\]\s@]+)(?::(\d{1,5}))?$/
const DEFAULT_PORT = 514

export const DEFAULT_SYSLOG: SyslogSettings = { address: 'unix:/dev/log', facility: 'user', tag: 'sera' }

const PARTS: { readonly [Part in keyof SyslogSettings]: ValueReader<string> } = {
  address: fromStrings(ADDRESS, parseAddress),
  /** The facilities of syslog.conf(5), without those for the kernel and syslogd only. */
  facility: oneOf(
    ...['user', 'daemon', 'cron', 'mail', 'auth', 'authpriv', 'lpr', 'news', 'uucp', 'ftp'],
    ...Array.from({ length: 8 }, (_, n) => `local${n}`),
  ),
  /** RFC 3164, 4.1.3: other characters would end the tag. */
  tag: fromStrings('1 to 32 letters, digits and _ . / -', text => (/^[\w./-]{1,32}$/.test(text) ? text : undefined)),
}

export const syslog: ValueReader<SyslogSettings | false> = {
  text: text => fromTruth(truthOf(text)) ?? { ...DEFAULT_SYSLOG, address: PARTS.address.text(text) },
  json: value => {
    const switched = fromTruth(value)
    if (switched !== undefined) return switched
    if (typeof value === 'string') return { ...DEFAULT_SYSLOG, address: PARTS.address.json(value) }
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return fromObject(value)
    throw unexpected('true, false, an address, or an object of address, facility and tag', value)
  },
  keys: Object.keys(PARTS),
}

function fromTruth(truth: unknown): SyslogSettings | false | undefined {
  return typeof truth === 'boolean' ? truth && DEFAULT_SYSLOG : undefined
}

function fromObject(value: Partial<Record<keyof SyslogSettings, unknown>>): SyslogSettings {
  const part = (name: keyof SyslogSettings) =>
    value[name] == null ? DEFAULT_SYSLOG[name] : readPart(name, value[name])
  return { address: part('address'), facility: part('facility'), tag: part('tag') }
}

function readPart(name: keyof SyslogSettings, value: unknown): string {
  try {
    return PARTS[name].json(value)
  } catch (error) {
    if (!(error instanceof SeraError)) throw error
    throw new SeraError(error.kind, `${name}: ${error.message}`)
  }
}

function parseAddress(text: string): string | undefined {
  if (/^(?:unix:)?\/./s.test(text)) return text.startsWith('/') ? `unix:${text}` : text
  const [, protocol, host, digits] = NETWORK.exec(text) ?? []
  const port = Number(digits ?? DEFAULT_PORT)
  return protocol !== undefined && port >= 1 && port <= 65_535 ? `${protocol}://${host}:${port}` : undefined
}
