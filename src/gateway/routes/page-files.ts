/**
 * Reads the page's files from ../page: compiled scripts, HTML, CSS and the icon. `claim-text.js` there only re-exports a file that
 * the page shares with the terminal; browsers get the shared file itself. The single binary contains the files:
 * scripts/binary/page-files.ts replaces this module there.
 */
import { readdirSync, readFileSync } from 'node:fs'

const FOLDER = new URL('../page/', import.meta.url)
const SHARED = new Map([['claim-text.js', new URL('../../status/claim-text.js', import.meta.url)]])

/** The text of each file, by name. */
export function readPageFiles(): Map<string, string> {
  const textOf = (name: string) => readFileSync(SHARED.get(name) ?? new URL(name, FOLDER), 'utf8')
  return new Map(readdirSync(FOLDER).map(name => [name, textOf(name)]))
}
