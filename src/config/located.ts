import { SeraError, type SeraErrorKind } from '../errors.js'

/** Reads a value so that its error says where it came from: `--lease: expected seconds …`. */
export function located<T>(where: string, kind: SeraErrorKind, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof SeraError)) throw error
    throw new SeraError(kind, `${where}: ${error.message}`)
  }
}
