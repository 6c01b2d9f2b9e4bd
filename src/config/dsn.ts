/**
 * Where a server is and how to talk to it, as text: a go-sql-driver DSN, so that the original's config files work, a
 * `mysql://` or `mariadb://` URL, or `embedded`.
 */
import { parseGoDsn } from './dsn-go.js'
import { DEFAULT_CONNECT_TIMEOUT_MS } from './dsn-parameters.js'
import { type Dsn, invalidDsn } from './dsn-type.js'
import { parseUrlDsn } from './dsn-url.js'

export type { Dsn, DsnAddress, DsnTls } from './dsn-type.js'

export const EMBEDDED: Dsn = {
  user: '',
  password: '',
  address: { net: 'embedded' },
  database: undefined,
  connectTimeoutMs: DEFAULT_CONNECT_TIMEOUT_MS,
  readTimeoutMs: 0,
  writeTimeoutMs: 0,
  tls: { mode: 'off' },
  allowCleartextPasswords: false,
  charset: undefined,
  collation: undefined,
  ignored: [],
}

/**
 * `[user[:password]@][net[(addr)]]/dbname[?param=value&…]` as go-sql-driver reads it, `mysql://user:password@host/db`
 * with everything percent-encoded, or `embedded`, the private local server.
 *
 * @throws SeraError config; its message is one line and has nothing of the text in it
 * @example parseDsn('sera:secret@tcp(db:3306)/sera?timeout=500ms')
 * @see https://github.com/go-sql-driver/mysql#dsn-data-source-name
 */
export function parseDsn(text: string): Dsn {
  if (text === '') throw invalidDsn('it is empty')
  if (text === 'embedded') return structuredClone(EMBEDDED)
  const dsn = /^(?:mysql|mariadb):\/\//i.test(text) ? parseUrlDsn(text) : parseGoDsn(text)
  if (containsNul(dsn)) throw invalidDsn('it contains a NUL character')
  return dsn
}

/** Whether a NUL character is anywhere in a value read from outside: C programs would see the text end there. */
export function containsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0')
  return typeof value === 'object' && value !== null && Object.values(value).some(containsNul)
}

/** The server's address for messages and logs: `db:3306`, `[::1]:3306`, `unix:/run/mysqld.sock` or `embedded`. */
export function describeDsn({ address }: Dsn): string {
  switch (address.net) {
    case 'tcp':
      return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
    case 'unix':
      return `unix:${address.path}`
    case 'embedded':
      return 'embedded'
  }
}

/** The whole DSN, to be shown: with `***` for the password, without what is not honoured and what is the default. */
export function formatDsn(dsn: Dsn): string {
  const { address, user, password } = dsn
  if (address.net === 'embedded') return 'embedded'
  const credentials = user === '' && password === '' ? '' : `${user}${password === '' ? '' : ':***'}@`
  const where = address.net === 'tcp' ? `tcp${address.family ?? ''}(${describeDsn(dsn)})` : `unix(${address.path})`
  const query = shownParameters(dsn)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')
  return `${credentials}${where}/${encodeURIComponent(dsn.database ?? '')}${query === '' ? '' : `?${query}`}`
}

function shownParameters({ tls, ...dsn }: Dsn): Array<[name: string, value: string]> {
  const parameters: Array<[name: string, value: string | false | undefined]> = [
    ['timeout', dsn.connectTimeoutMs !== DEFAULT_CONNECT_TIMEOUT_MS && `${dsn.connectTimeoutMs}ms`],
    ['readTimeout', dsn.readTimeoutMs !== 0 && `${dsn.readTimeoutMs}ms`],
    ['writeTimeout', dsn.writeTimeoutMs !== 0 && `${dsn.writeTimeoutMs}ms`],
    ['tls', tls.mode !== 'off' && (tls.mode === 'verify' ? 'true' : tls.mode)],
    ['allowCleartextPasswords', dsn.allowCleartextPasswords && 'true'],
    ['tls-ca', tls.ca],
    ['tls-cert', tls.cert],
    ['tls-key', tls.key],
    ['charset', dsn.charset],
    ['collation', dsn.collation],
  ]
  return parameters.filter((parameter): parameter is [string, string] => typeof parameter[1] === 'string')
}
