/** Which npm packages are in a bundle: a plugin for Bun's bundler notes each one whose files it loads. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export interface Package {
  name: string
  version: string
  license: string
  homepage: string | undefined
  /** As package-lock.json has it. */
  integrity: string
  /** The text of its licence; empty where the package brings none. */
  licenseText: string
}

export class PackagesUsed {
  readonly #folders = new Set<string>()

  readonly plugin: Bun.BunPlugin = {
    name: 'packages-used',
    setup: build => {
      build.onLoad({ filter: /\/node_modules\// }, ({ path }) => {
        this.#folders.add(folderOf(relative('.', path)))
        return undefined
      })
    },
  }

  /** By name. */
  list(): Package[] {
    return [...this.#folders].sort().map(describe)
  }
}

/** `node_modules/a/lib/b.js` is in `node_modules/a`, and `node_modules/@a/b/c.js` in `node_modules/@a/b`. */
function folderOf(path: string): string {
  const [folder] = /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path) ?? []
  if (folder === undefined) throw new Error(`${path} is in no package`)
  return folder
}

export function describe(folder: string): Package {
  const { name, version, license, homepage } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const { integrity } = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages[folder]
  const texts = readdirSync(folder).filter(file => /^(licen[cs]e|notice|copying)(\.|-|$)/i.test(file))
  const licenseText = texts.map(file => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n')
  return { name, version, license: license ?? 'SEE LICENSE', homepage, integrity, licenseText }
}

/** A package that is installed with sera rather than bundled, with all that it depends on. */
export function withDependencies(name: string, found = new Set<string>()): string[] {
  const folder = `node_modules/${name}`
  if (found.has(folder) || !existsSync(folder)) return []
  found.add(folder)
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  for (const dependency of Object.keys(dependencies)) withDependencies(dependency, found)
  return [...found]
}
