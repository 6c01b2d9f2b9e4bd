/** What `sera --version` prints. Its JSON is a contract: version, commit, target, runtime. */
import { BUILD } from '../build-info.js'
import { VERSION } from '../version.js'

/** `words`: `json`, or none for text. */
export function versionReport([format]: readonly string[], runtime: string): string {
  if (format !== 'json') return `sera ${VERSION}\n`
  const { commit, target } = BUILD
  return `${JSON.stringify({ version: VERSION, commit, target, runtime })}\n`
}
