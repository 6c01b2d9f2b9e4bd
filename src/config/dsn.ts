/**
 * Reads a DSN: that of go-sql-driver, so the config files of the original work, a `mysql://` or `mariadb://` URL, or
 * `embedded`.
 */
import { parseGoDsn } from './dsn-go.js'
import { parseParameters } from './dsn-parameters.js'
import { type Dsn, invalidDsn } from './dsn-type.js'
import { parseUrlDsn } from './dsn-url.js'

export type { Dsn, DsnTls } from './dsn-type.js'

export const EMBEDDED: Dsn = {
  user: '',
  password: '',
  address: { net: 'embedded' },
  database: undefined,
  ...parseParameters(''),
}

/**
 * Reads `[user[:password]@][net[(addr)]]/dbname[?param=value&…]` as go-sql-driver does, `mysql://user:password@host/db`
 * with all parts percent-encoded, or `embedded`, the private local server.
 *
 * @throws SeraError config; its message is one line and quotes nothing of the text
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

/** Whether a value contains a NUL character, at which a C program would end the text. */
export function containsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0')
  return typeof value === 'object' && value !== null && Object.values(value).some(containsNul)
}

/** The address for messages and logs: `db:3306`, `[::1]:3306`, `unix:/run/mysqld.sock` or `embedded`. */
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
