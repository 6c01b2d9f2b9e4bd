/** Parts of a DSN as options of the driver: address family, character set, authentication method. */
import { connect, type Socket } from 'node:net'
import mysql from 'mysql2'
import type { Dsn } from '../../config/dsn.js'
import { SeraError } from '../../errors.js'

/** `tcp4(…)` and `tcp6(…)` connect to that family only. The driver sets no options on a socket that it did not open. */
export function streamOf({ address }: Dsn, keepAliveMs: number): Pick<mysql.ConnectionOptions, 'stream'> {
  if (address.net !== 'tcp' || address.family === undefined) return {}
  const { host, port, family } = address
  return {
    stream: (): Socket => {
      const socket = connect({ host, port, family })
      socket.setNoDelay(true)
      socket.once('connect', () => socket.setKeepAlive(true, keepAliveMs))
      return socket
    },
  }
}

/**
 * The first name of the list that the driver knows; go-sql-driver asks the server. A collation's name contains its
 * character set.
 *
 * @throws SeraError config
 */
export function charsetOf({ charset, collation }: Dsn): Pick<mysql.ConnectionOptions, 'charset'> {
  if (charset === undefined && collation === undefined) return {}
  const known = (collation ?? charset ?? '')
    .split(',')
    .map(driverName)
    .find(name => name in mysql.Charsets)
  if (known !== undefined) return { charset: known }
  const what = collation === undefined ? 'charset' : 'collation'
  throw new SeraError('config', `the ${what} in the DSN is unknown; leave it out, or use utf8mb4`)
}

/** The driver has only the older name of utf8mb3. */
function driverName(name: string): string {
  return name.replace(/^utf8mb3(?=_|$)/i, 'utf8').toUpperCase()
}

/** Authentication methods that neither the driver nor sera supports. */
const UNSUPPORTED_METHODS = [
  'client_ed25519',
  'parsec',
  'dialog',
  'auth_gssapi_client',
  'authentication_kerberos_client',
  'authentication_ldap_sasl_client',
  'authentication_oci_client',
  'authentication_openid_connect_client',
  'authentication_webauthn_client',
]

/** The password is sent in clear text only if the DSN allows it; otherwise the driver refuses. */
export function authenticationOf({ allowCleartextPasswords }: Dsn): object {
  return {
    enableCleartextPlugin: allowCleartextPasswords,
    authPlugins: Object.fromEntries(UNSUPPORTED_METHODS.map(name => [name, () => () => refuse(name)])),
  }
}

/** The driver wraps this error in one with a code of its own; its text reaches the user. */
function refuse(name: string): never {
  throw new Error(
    `the account authenticates by ${name}, which sera does not support; give it caching_sha2_password or mysql_native_password`,
  )
}
