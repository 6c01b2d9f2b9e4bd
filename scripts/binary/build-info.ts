/** A plugin for Bun's bundler: the facts of this build stand in the place of src/build-info.ts. */
export interface BuildInfo {
  commit: string | null
  target: string
}

export function buildInfo(facts: BuildInfo): Bun.BunPlugin {
  return {
    name: 'build-info',
    setup(build) {
      build.onLoad({ filter: /\/src\/build-info\.ts$/ }, () => ({
        contents: `export const BUILD = ${JSON.stringify(facts)}`,
        loader: 'ts',
      }))
    },
  }
}
