/** The sources of settings, for tests of their resolution. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Flags, resolveSettings } from '../../src/config/resolve.js'

export const directory = mkdtempSync(join(tmpdir(), 'sera-resolve-'))
process.on('exit', () => rmSync(directory, { recursive: true }))

let files = 0
export function fileOf(content: object | string): string {
  const file = join(directory, `sera-${files++}.json`)
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

export const noFile = join(directory, 'none.json')
export const server = 'u:p@tcp(db)/'

export interface Layers {
  file?: object
  env?: Record<string, string>
  flags?: Flags
}
/** Adds a server to the file unless another layer names one. */
export const resolve = ({ file = { server }, env = {}, flags = {} }: Layers) =>
  resolveSettings({ file: fileOf(file), env, flags })
export const settingsOf = async (layers: Layers) => (await resolve(layers)).settings
