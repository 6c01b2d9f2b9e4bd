/** Folders of artefacts: the same bytes in every run, and modes that do not depend on the umask. */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Release } from './release-options.ts'

export class Tree {
  constructor(readonly folder: string) {
    mkdirSync(folder, { recursive: true })
  }

  write(path: string, text: string, mode = 0o644): void {
    const file = this.#at(path)
    writeFileSync(file, text)
    chmodSync(file, mode)
  }

  copy(from: string, path: string, mode = 0o644): void {
    const file = this.#at(path)
    cpSync(from, file)
    chmodSync(file, mode)
  }

  #at(path: string): string {
    const file = join(this.folder, path)
    if (!existsSync(dirname(file))) mkdirSync(dirname(file), { recursive: true })
    return file
  }
}

/** The folder `name` of `parent` as a .tar.xz. */
export function archive(parent: string, name: string, outfile: string, release: Release): void {
  // always two threads: the number decides how the data is cut into blocks
  const xz = `xz -T2 -${release.fast ? 0 : 6} --stdout`
  tar(['-I', xz, '-C', parent, '-cf', outfile, name], release)
}

/** A folder as npm's .tgz, in which it is called `package`. */
export function tarball(folder: string, outfile: string, release: Release): void {
  const gzip = `gzip -n -${release.fast ? 1 : 9}`
  tar(['-I', gzip, '-C', folder, '--transform=s,^\\.,package,', '-cf', outfile, '.'], release)
}

/** Sorted, owned by root, dated by the commit. */
function tar(args: readonly string[], { epoch }: Release): void {
  const same = ['--sort=name', '--format=ustar', `--mtime=@${epoch}`, '--owner=0', '--group=0', '--numeric-owner']
  execFileSync('tar', [...same, '--mode=u=rwX,go=rX', ...args])
}
