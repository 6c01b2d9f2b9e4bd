/**
 * A plugin for Bun's bundler: it reads the files of the gateway's page at build time and embeds them. TypeScript
 * becomes JavaScript, file by file, as a browser loads it. Shared files are among them, as in
 * src/gateway/routes/page-files.ts.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = 'src/gateway/page'
const SHARED: Readonly<Record<string, string>> = { 'claim-text.ts': 'src/status/claim-text.ts' }

export const pageFiles: Bun.BunPlugin = {
  name: 'page-files',
  setup(build) {
    build.onLoad({ filter: /\/src\/gateway\/routes\/page-files\.ts$/ }, () => {
      const names = readdirSync(FOLDER).filter(name => !name.endsWith('.json'))
      const files = names.map(name => [name.replace(/\.ts$/, '.js'), textOf(name)])
      return { contents: `export const readPageFiles = () => new Map(${JSON.stringify(files)})`, loader: 'js' }
    })
  },
}

function textOf(name: string): string {
  const text = readFileSync(SHARED[name] ?? join(FOLDER, name), 'utf8')
  return name.endsWith('.ts') ? new Bun.Transpiler({ loader: 'ts', target: 'browser' }).transformSync(text) : text
}
