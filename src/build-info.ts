/** How this program was built. scripts/binary/build-info.ts puts the facts of a build in the place of this module. */
export interface BuildInfo {
  /** Of the sources; null when they were compiled in a checkout. */
  commit: string | null
  /** `linux-x64` or the like for a binary, `node` for the npm package, `source` for a checkout. */
  target: string
}

export const BUILD: BuildInfo = { commit: null, target: 'source' }
