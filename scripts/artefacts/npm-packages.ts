/**
 * The npm packages: `sera` with the bundled command line and library, and one package for each target with its binary, which npm
 * installs where `os`, `cpu` and `libc` fit. No package has an install script.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { buildInfo } from '../binary/build-info.ts'
import { pageFiles } from '../binary/page-files.ts'
import { Tree, tarball } from './files.ts'
import { bundleNotices } from './notices.ts'
import { PackagesUsed } from './packages-used.ts'
import type { Release } from './release-options.ts'
import { TARGETS, type Target } from './targets.ts'

/** `bin/sera` looks for this name. */
const nameOf = (target: Target) => `sera-${target.name}`

const source = () => JSON.parse(readFileSync('package.json', 'utf8'))

/** The package of one target. */
export function packBinary(target: Target, binary: string, notices: string, release: Release): void {
  const { homepage, bugs, repository, license } = source()
  const tree = new Tree(join(release.out, 'work', target.name, 'npm'))
  const description = `The program of the package sera for ${target.name}.`
  const fits = { os: ['linux'], cpu: [target.cpu], libc: [target.libc] }
  const facts = { name: nameOf(target), version: release.version, description, homepage, bugs, repository, license }
  tree.write('package.json', json({ ...facts, preferUnplugged: true, ...fits }))
  tree.write('README.md', `${description} Install \`sera\`, which depends on it.\n`)
  tree.copy('LICENSE', 'LICENSE')
  tree.write('THIRD-PARTY-NOTICES', notices)
  tree.copy(binary, 'bin/sera', 0o755)
  tarball(tree.folder, join(release.out, `${nameOf(target)}-${release.version}.tgz`), release)
}

/** The main package. */
export async function packMain(release: Release): Promise<void> {
  const folder = join(release.out, 'work', 'npm')
  const tree = new Tree(folder)
  const used = new PackagesUsed()
  await bundle(join(folder, 'dist'), used, release)
  for (const file of declarations(['dist/lib/index.d.ts', 'dist/lib/testing.d.ts'])) tree.copy(file, file)
  tree.write('package.json', json(manifest(release)))
  tree.copy('bin/sera', 'bin/sera', 0o755)
  for (const file of ['README.md', 'CHANGELOG.md', 'LICENSE', 'etc/sera.json.example']) tree.copy(file, file)
  tree.write('THIRD-PARTY-NOTICES', bundleNotices(used.list()))
  tarball(folder, join(release.out, `sera-${release.version}.tgz`), release)
}

function manifest({ version }: Release): unknown {
  const { name, description, keywords, homepage, bugs, repository, license, engines, os, bin, exports, ...rest } =
    source()
  return {
    ...{ name, version, description, keywords, homepage, bugs, repository, license },
    ...{ type: 'module', engines, os, bin, exports },
    dependencies: { mysql2: rest.dependencies.mysql2 },
    optionalDependencies: Object.fromEntries(TARGETS.map(target => [nameOf(target), version])),
  }
}

async function bundle(outdir: string, used: PackagesUsed, { commit }: Release): Promise<void> {
  const { success, logs } = await Bun.build({
    entrypoints: ['src/main.ts', 'src/lib/index.ts', 'src/lib/testing.ts'],
    root: 'src',
    outdir,
    target: 'node',
    format: 'esm',
    splitting: true,
    // names stay: they are in the stack traces of programs that use the library
    minify: { whitespace: true, syntax: true, identifiers: false },
    external: ['mysql2', 'unix-dgram'],
    plugins: [used.plugin, pageFiles, buildInfo({ commit, target: 'node' })],
  })
  if (!success) throw new AggregateError(logs, 'the npm package could not be bundled')
}

/** Declarations with all that they import. */
function declarations(entries: readonly string[]): string[] {
  const found = new Set<string>()
  const follow = (file: string) => {
    if (found.has(file)) return
    if (!existsSync(file)) throw new Error(`${file} is not there; scripts/compile makes it`)
    found.add(file)
    for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)\.js'/g))
      follow(relative('.', join(dirname(file), `${name}.d.ts`)))
  }
  entries.forEach(follow)
  return [...found].sort()
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
