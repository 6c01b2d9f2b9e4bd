/** Where a server is and how to talk to it, parsed; and the error for text that does not parse. */
import { SeraError } from '../errors.js'

export interface Dsn {
  user: string
  password: string
  address: DsnAddress
  database: string | undefined
  /** Time for one connection attempt, ms. */
  connectTimeoutMs: number
  /** Time one answer may take, ms; 0 = no limit. Not applied to waiting for a lock. */
  readTimeoutMs: number
  writeTimeoutMs: number
  tls: DsnTls
  /** The server may ask for the password as it is. */
  allowCleartextPasswords: boolean
  charset: string | undefined
  collation: string | undefined
  /** Names of parameters that are not honoured, without their values, which may be secret; `doctor` warns of them. */
  ignored: string[]
}

export type DsnAddress =
  /** `family`: only addresses of that kind (tcp4, tcp6). */
  { net: 'tcp'; host: string; port: number; family?: 4 | 6 } | { net: 'unix'; path: string } | { net: 'embedded' }

export interface DsnTls {
  mode: 'off' | 'preferred' | 'skip-verify' | 'verify'
  /** Files, PEM. */
  ca?: string
  cert?: string
  key?: string
}

/**
 * A DSN that can't be used, and why. The reason quotes nothing of the text: in a malformed DSN any piece may be a piece
 * of the password. For the same reason there is no `cause`.
 */
export function invalidDsn(reason: string): SeraError {
  return new SeraError('config', `invalid DSN: ${reason}`)
}

/** Percent-decodes a part of a DSN; `what` is what messages call it. */
export function decoded(what: string, text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalidDsn(`${what} is not percent-encoded UTF-8; write % itself as %25`)
  }
}
