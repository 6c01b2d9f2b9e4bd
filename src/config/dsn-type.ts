/** A parsed DSN, and the error for an invalid one. */
import { SeraError } from '../errors.js'

export interface Dsn {
  user: string
  password: string
  address: DsnAddress
  database: string | undefined
  /** Time limit of one connection attempt, ms. */
  connectTimeoutMs: number
  /** Time limit of one answer, ms; 0: none. It does not apply to the wait for a lock. */
  readTimeoutMs: number
  writeTimeoutMs: number
  tls: DsnTls
  /** The server may ask for the password in clear text. */
  allowCleartextPasswords: boolean
  charset: string | undefined
  collation: string | undefined
  /** The names of ignored parameters, for `doctor`. Their values may be secret, so they are not kept. */
  ignored: string[]
}

export type DsnAddress =
  /** `family` limits the addresses to IPv4 (tcp4) or IPv6 (tcp6). */
  { net: 'tcp'; host: string; port: number; family?: 4 | 6 } | { net: 'unix'; path: string } | { net: 'embedded' }

export interface DsnTls {
  mode: 'off' | 'preferred' | 'skip-verify' | 'verify'
  /** Files, PEM. */
  ca?: string
  cert?: string
  key?: string
}

/**
 * The error for an invalid DSN. The reason must not quote the text, because any part of a malformed DSN may be part of the
 * password. For the same reason the error has no `cause`.
 */
export function invalidDsn(reason: string): SeraError {
  return new SeraError('config', `invalid DSN: ${reason}`)
}

/** Percent-decodes a part of a DSN. @param what its name for messages */
export function decoded(what: string, text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalidDsn(`${what} is not percent-encoded UTF-8; write % itself as %25`)
  }
}
