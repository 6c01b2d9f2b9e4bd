/** Reads `mysql://user:password@host:port/database?param=value&…`, or `mariadb://…`, with all parts percent-encoded. */
import { hostAndPort } from './dsn-address.js'
import { parseParameters } from './dsn-parameters.js'
import { type Dsn, decoded, invalidDsn } from './dsn-type.js'

const PARTS = /^(?:mysql|mariadb):\/\/(?:([^/?#@:]*)(?::([^/?#@]*))?@)?([^/?#@]+)(?:\/([^/?#@]*))?(?:\?([^#]*))?$/i

/** The option `ssl-mode` of MySQL's clients, which hosters put into their URLs. To ignore it would turn TLS off. */
const TLS_OF_SSL_MODE: Readonly<Record<string, string>> = {
  DISABLED: 'false',
  PREFERRED: 'preferred',
  REQUIRED: 'skip-verify',
  VERIFY_CA: 'true',
  VERIFY_IDENTITY: 'true',
}

export function parseUrlDsn(text: string): Dsn {
  const parts = PARTS.exec(text)
  if (!parts) {
    throw invalidDsn(
      'a URL must read mysql://user:password@host:port/database; within a part, write / @ : ? # as %2F %40 %3A %3F %23',
    )
  }
  const [, user = '', password = '', host = '', database = '', query = ''] = parts
  return {
    user: decoded('the URL', user),
    password: decoded('the URL', password),
    address: { net: 'tcp', ...hostAndPort(decoded('the URL', host)) },
    database: decoded('the URL', database) || undefined,
    ...parseParameters(query.split('&').map(withoutSslMode).join('&')),
  }
}

function withoutSslMode(pair: string): string {
  const mode = /^ssl-?mode=(.*)$/i.exec(pair)?.[1]?.toUpperCase()
  if (mode === undefined) return pair
  if (!Object.hasOwn(TLS_OF_SSL_MODE, mode)) {
    throw invalidDsn(`ssl-mode must be one of ${Object.keys(TLS_OF_SSL_MODE).join(', ')}`)
  }
  return `tls=${TLS_OF_SSL_MODE[mode]}`
}
