/** Files that flags name, for the gateway and for its clients. */
import { readFileSync } from 'node:fs'
import { whyUnreadable } from '../../config/file.js'
import { SeraError } from '../../errors.js'

/** A shorter token can be guessed. */
const SHORTEST_TOKEN = 16

/** @throws SeraError config */
export function readToken(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  const token = readGiven('--token-file', file).trim()
  if (token.length >= SHORTEST_TOKEN && /^[!-~]+$/.test(token)) return token
  throw new SeraError(
    'config',
    `--token-file ${file}: the token must be one word of at least ${SHORTEST_TOKEN} characters; create one with openssl rand -hex 32`,
  )
}

/** @throws SeraError config */
export function readGiven(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new SeraError('config', `${flag} ${file}: ${whyUnreadable(cause)}`, { cause })
  }
}
