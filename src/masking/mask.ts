/**
 * The command line as others see it: `***` replaces text that looks like a password.
 *
 * The command and the lock's name use the original words, and `ps` on this host shows them too.
 */
import { hideMatches } from './hide-matches.js'
import { hidePasswords } from './hide-passwords.js'

const HIDDEN = '***'

/** A quick test: without a match there is no password to hide. Most command lines need only this test. */
const SUSPECT = /pass|pwd|secret|token|api.?key|credential|authorization|@|mysql|mariadb|mycli|mytop|backup|curl/i

export type Mask = (words: readonly string[]) => readonly string[]

/** Hides passwords, and the matches of `patterns` in the words joined with single blanks. */
export function maskWith(patterns: readonly RegExp[] = []): Mask {
  return words => {
    const shown = words.some(word => SUSPECT.test(word)) ? hidePasswords(words, HIDDEN) : words
    return patterns.length === 0 ? shown : hideMatches(shown, patterns, HIDDEN)
  }
}
