import { type Dsn, describeDsn } from '../../src/config/dsn.js'
import { DEFAULT_CONNECT_TIMEOUT_MS } from '../../src/config/dsn-parameters.js'

/** A DSN as text, with `***` for the password, without defaults and ignored parameters. */
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
