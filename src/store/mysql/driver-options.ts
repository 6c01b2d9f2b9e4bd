/** Parts of a DSN in the driver's terms: the family of addresses, the character set, and how the account proves itself. */
import { connect, type Socket } from 'node:net'
import mysql from 'mysql2'
import type { Dsn } from '../../config/dsn.js'
import { SeraError } from '../../errors.js'

/** `tcp4(…)` and `tcp6(…)`: a connection to an address of that family only. The driver leaves its socket options to it. */
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
 * The first of a list that the driver knows; go-sql-driver tries each at the server. A collation has its character set in
 * its name.
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

/** Methods of authentication that are known and not spoken. */
const NOT_SPOKEN = [
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

/** The password in the clear is sent only where the DSN allows it; the driver refuses otherwise. */
export function authenticationOf({ allowCleartextPasswords }: Dsn): object {
  return {
    enableCleartextPlugin: allowCleartextPasswords,
    authPlugins: Object.fromEntries(NOT_SPOKEN.map(name => [name, () => () => refuse(name)])),
  }
}

/** The driver gives the error a code of its own, so that its text reaches the user. */
function refuse(name: string): never {
  throw new Error(
    `the account authenticates by ${name}, which sera does not speak; give it caching_sha2_password or mysql_native_password`,
  )
}
