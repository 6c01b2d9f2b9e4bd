/**
 * The page's files, in ../page: scripts compiled from TypeScript, the rest as it was written. What the page shares with the terminal
 * takes the place of the file there that passes it on, so that a browser finds all of it in one folder. In the single binary they are
 * part of it, and scripts/binary/page-files.ts takes the place of this module.
 */
import { readdirSync, readFileSync } from 'node:fs'

const FOLDER = new URL('../page/', import.meta.url)
const SHARED = new Map([['claim-text.js', new URL('../../status/claim-text.js', import.meta.url)]])

/** Name and text of each. */
export function readPageFiles(): Map<string, string> {
  const textOf = (name: string) => readFileSync(SHARED.get(name) ?? new URL(name, FOLDER), 'utf8')
  return new Map(readdirSync(FOLDER).map(name => [name, textOf(name)]))
}
