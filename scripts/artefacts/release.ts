/**
 * Makes the artefacts of one version (scripts/release): binaries as archives, npm packages, .deb and .rpm, the bill of materials,
 * install.sh, and SHA256SUMS of all of them. Two runs from one commit make the same bytes.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileBinary, recordOrder } from '../binary/compile-binary.ts'
import { type Documents, makeArchive } from './archives.ts'
import { runtimeFor } from './bun-runtimes.ts'
import { Tree } from './files.ts'
import { binaryNotices } from './notices.ts'
import { packBinary, packMain } from './npm-packages.ts'
import { describe, type Package, PackagesUsed, withDependencies } from './packages-used.ts'
import { type Release, releaseFrom } from './release-options.ts'
import { sbom } from './sbom.ts'
import type { Target } from './targets.ts'

const release = optionsOrExit()
const work = join(release.out, 'work')
const dated = { ...process.env, SOURCE_DATE_EPOCH: String(release.epoch) }
rmSync(release.out, { recursive: true, force: true })
mkdirSync(work, { recursive: true })

const used = new PackagesUsed()
const order = await orderOfRun()
for (const target of release.targets) await compile(target)
const documents = makeDocuments(used.list())
for (const target of release.targets) {
  makeArchive(target, binaryOf(target), documents, release)
  packBinary(target, binaryOf(target), documents.notices, release)
}
await packMain(release)
writeFileSync(join(release.out, `sera-${release.version}.cdx.json`), sbom(release, everyPackage()))
writeInstaller()
makeSystemPackages()
writeSums()

function optionsOrExit(): Release {
  try {
    return releaseFrom(process.argv.slice(2))
  } catch (error) {
    console.error(
      `release: ${(error as Error).message}; usage: scripts/release [--only TARGET,…] [--out FOLDER] [--fast]`,
    )
    process.exit(2)
  }
}

function binaryOf({ name }: Target): string {
  return join(work, name, 'sera')
}

/** What `sera 5 true` uses, recorded on this machine for every target. */
async function orderOfRun(): Promise<string> {
  const folder = join(work, 'order')
  mkdirSync(folder)
  const outfile = join(folder, 'sera')
  await compileBinary({ outfile, info: { commit: null, target: 'order' } })
  return recordOrder(outfile, folder)
}

async function compile(target: Target): Promise<void> {
  const runtime = runtimeFor(target)
  mkdirSync(join(work, target.name), { recursive: true })
  await compileBinary({
    outfile: binaryOf(target),
    info: { commit: release.commit, target: target.name },
    order,
    plugins: [used.plugin],
    ...(runtime ? { cross: { target: target.bun, runtime } } : {}),
  })
  console.log(`${target.name}: compiled`)
}

function makeDocuments(packages: readonly Package[]): Documents {
  const man = join(work, 'man')
  mkdirSync(man)
  if (existsSync('scripts/man'))
    execFileSync('scripts/man', [man], { stdio: ['ignore', 'ignore', 'inherit'], env: dated })
  const shells = ['bash', 'zsh', 'fish']
  const script = (shell: string) => execFileSync(`${work}/order/sera`, ['completion', shell], { encoding: 'utf8' })
  const notices = binaryNotices(packages)
  writeFileSync(join(work, 'THIRD-PARTY-NOTICES.md'), notices)
  return { man, completions: new Map(shells.map(shell => [shell, script(shell)])), notices }
}

/** Those in the binaries, and those that npm installs beside the bundle. */
function everyPackage(): Package[] {
  const beside = withDependencies('mysql2').map(describe)
  const all = new Map([...used.list(), ...beside].map(one => [`${one.name}@${one.version}`, one]))
  return [...all.keys()].sort().map(key => all.get(key) as Package)
}

/** With the version that it installs. */
function writeInstaller(): void {
  const script = readFileSync('scripts/install.sh', 'utf8').replace(/^VERSION=.*$/m, `VERSION=${release.version}`)
  new Tree(release.out).write('install.sh', script, 0o755)
}

function makeSystemPackages(): void {
  if (!existsSync('scripts/release-packages') || release.targets.every(({ libc }) => libc === 'musl')) return
  const fast = release.fast ? ['--fast'] : []
  execFileSync('scripts/release-packages', [...fast, release.version, release.out, work], {
    stdio: 'inherit',
    env: dated,
  })
}

function writeSums(): void {
  const names = readdirSync(release.out).filter(name => statSync(join(release.out, name)).isFile())
  const lines = names.sort().map(name => {
    const bytes = readFileSync(join(release.out, name))
    console.log(`${name}: ${(bytes.length / 1e6).toFixed(1)} MB`)
    return `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`
  })
  writeFileSync(join(release.out, 'SHA256SUMS'), lines.join(''))
}
