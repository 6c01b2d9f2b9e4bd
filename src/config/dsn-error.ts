import { SeraError } from '../errors.js'

/**
 * A DSN that can't be used, and why. The reason quotes nothing of the text: in a malformed DSN any piece may be a piece
 * of the password. For the same reason there is no `cause`.
 */
export function invalidDsn(reason: string): SeraError {
  return new SeraError('config', `invalid DSN: ${reason}`)
}
