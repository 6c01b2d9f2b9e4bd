/**
 * The page's files, in ../page: scripts compiled from TypeScript, the rest as it was written. In the single binary
 * they are part of it, and scripts/binary/page-files.ts takes the place of this module.
 */
import { readdirSync, readFileSync } from 'node:fs'

const FOLDER = new URL('../page/', import.meta.url)

/** Name and text of each. */
export function readPageFiles(): Map<string, string> {
  return new Map(readdirSync(FOLDER).map(name => [name, readFileSync(new URL(name, FOLDER), 'utf8')]))
}
