/**
 * What others see of a command line: its words, with `***` for what looks like a password.
 *
 * The command and the lock's name come from the words as they were typed, and `ps` on this host shows them too.
 */
import { hideMatches } from './hide-matches.js'
import { hidePasswords } from './hide-passwords.js'

const HIDDEN = '***'

/** Without any of these there is nothing to hide, and most runs pay for this one look. */
const SUSPECT = /pass|pwd|secret|token|api.?key|credential|authorization|@|mysql|mariadb|mycli|mytop|backup|curl/i

export type Mask = (words: readonly string[]) => readonly string[]

/** Hides passwords, and what `patterns` match in the line of all words, joined with single blanks. */
export function maskWith(patterns: readonly RegExp[] = []): Mask {
  return words => {
    const shown = words.some(word => SUSPECT.test(word)) ? hidePasswords(words, HIDDEN) : words
    return patterns.length === 0 ? shown : hideMatches(shown, patterns, HIDDEN)
  }
}
