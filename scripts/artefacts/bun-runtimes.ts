/** The Bun of each target, from npm. package-lock.json has the hash of each; a download that does not match is refused. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import type { Target } from './targets.ts'

const FOLDER = 'build/bun'

/** Path of the runtime's program; undefined for this machine's own, which bundles with itself. */
export function runtimeFor(target: Target): string | undefined {
  if (target.name === `linux-${process.arch}`) return undefined
  const id = `@oven/${target.bun}`
  const unpacked = `${FOLDER}/${target.bun}-${Bun.version}`
  if (!existsSync(unpacked)) download(id, unpacked)
  return `${unpacked}/package/bin/bun`
}

function download(id: string, unpacked: string): void {
  console.error(`release: downloading ${id} ${Bun.version}`)
  const folder = `${unpacked}.part`
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const spec = `${id}@${Bun.version}`
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', folder, spec], { encoding: 'utf8' }),
  )
  check(`${folder}/${filename}`, id)
  execFileSync('tar', ['-xzf', `${folder}/${filename}`, '-C', folder, '--no-same-owner'])
  rmSync(`${folder}/${filename}`)
  renameSync(folder, unpacked)
}

function check(file: string, id: string): void {
  const { version, integrity } = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages[`node_modules/${id}`]
  if (version !== Bun.version)
    throw new Error(`package-lock.json has ${id} ${version}, but Bun is ${Bun.version}; run npm ci`)
  const found = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`
  if (found !== integrity) throw new Error(`${id} ${version} has the hash ${found}, package-lock.json has ${integrity}`)
}
