/** A match as a file of its own, for the command that is told whom it has met: nobody else may read it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SeraError } from '../errors.js'
import type { Match } from '../primitives/rendezvous.js'

export class MatchFile {
  readonly #folder: string
  readonly path: string

  /** @throws SeraError not-started */
  constructor(match: Match) {
    try {
      this.#folder = mkdtempSync(join(tmpdir(), 'sera-match-'))
      this.path = join(this.#folder, 'match.json')
      writeFileSync(this.path, `${JSON.stringify(match)}\n`, { mode: 0o600 })
    } catch (cause) {
      const reason = (cause as Error).message
      throw new SeraError('not-started', `cannot write down who was met: ${reason}; nothing was run`, { cause })
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
