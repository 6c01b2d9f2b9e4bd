/** The artefacts that the tests install: made by scripts/release, twice, in two folders, unless those there are up to date. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** `npm run test:release`: all targets. Otherwise the binary of this machine alone. Both are little compressed. */
export const isFull = process.env.SERA_TEST_RELEASE === 'full'

const SOURCES = [
  'src',
  'scripts',
  'bin',
  'etc',
  'packaging',
  'package.json',
  'package-lock.json',
  'README.md',
  'CHANGELOG.md',
]
const COMMIT = '0123456789abcdef0123456789abcdef01234567'
const EPOCH = '1700000000'

export interface Artefacts {
  folder: string
  version: string
  /** The same artefacts, made in another folder. */
  again: string
  /** The path of one, by what its name begins and ends with. */
  find(start: string, end?: string): string
}

/** `.tar.xz` of a target. */
export const archiveName = (version: string, target: string) => `sera-${version}-${target}.tar.xz`

export function makeArtefacts(): Artefacts {
  const folder = resolve(isFull ? 'build/release-full' : 'build/release-quick')
  const [copy, again] = [`${folder}-copy`, `${folder}-again`]
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  if (!isUpToDate(`${again}/SHA256SUMS`)) {
    release('.', folder)
    copyCheckout(copy)
    release(copy, again)
    for (const done of [copy, join(again, 'work')]) rmSync(done, { recursive: true })
  }
  const find = (start: string, end = '') => {
    const name = readdirSync(folder).find(one => one.startsWith(start) && one.endsWith(end))
    if (name === undefined) throw new Error(`${folder} has no ${start}…${end}`)
    return join(folder, name)
  }
  return { folder, version, again, find }
}

function isUpToDate(made: string): boolean {
  if (!existsSync(made)) return false
  const sources = SOURCES.filter(path => existsSync(path))
  return execFileSync('find', [...sources, '-newer', made, '-print', '-quit'], { encoding: 'utf8' }) === ''
}

function release(checkout: string, out: string): void {
  const args = ['--fast', '--out', out, ...(isFull ? [] : ['--only', `linux-${process.arch}`])]
  const env = { ...process.env, SERA_COMMIT: COMMIT, SOURCE_DATE_EPOCH: EPOCH }
  execFileSync('scripts/release', args, { cwd: checkout, env, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** What git knows and what is new. The quick form takes what is compiled along; the full one compiles it again. */
function copyCheckout(copy: string): void {
  rmSync(copy, { recursive: true, force: true })
  mkdirSync(copy, { recursive: true })
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  // a second configuration below the first one would stop biome
  const files = listed.split('\n').filter(file => file !== '' && file !== 'biome.json' && existsSync(file))
  const compiled = isFull || !statSync('build/.dist', { throwIfNoEntry: false }) ? [] : ['dist', 'build/.dist']
  const tarball = execFileSync('tar', ['-cf', '-', '--exclude=dist/sera', ...files, ...compiled], {
    maxBuffer: 2 ** 30,
  })
  execFileSync('tar', ['-xf', '-', '-C', copy], { input: tarball })
  if (compiled.length > 0) execFileSync('touch', [join(copy, 'build/.dist')]) // folders are newer than their files
  execFileSync('cp', ['-al', 'node_modules', join(copy, 'node_modules')])
  if (existsSync('build/bun')) execFileSync('cp', ['-al', 'build/bun', join(copy, 'build/bun')])
}
