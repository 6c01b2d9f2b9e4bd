/** Folders of artefacts: the same bytes and the same modes in every run, whatever the umask. */
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

/** `parent/name` as parent/…/name.tar.xz: sorted, owned by root, dated by the commit. */
export function archive(parent: string, name: string, outfile: string, { epoch, fast }: Release): void {
  const same = ['--sort=name', '--format=ustar', `--mtime=@${epoch}`, '--owner=0', '--group=0', '--numeric-owner']
  const modes = '--mode=u=rwX,go=rX'
  // two threads, whatever the machine has: the number decides how the data is cut into blocks
  const xz = `xz -T2 -${fast ? 0 : 6} --stdout`
  execFileSync('tar', ['-C', parent, ...same, modes, '-I', xz, '-cf', outfile, name])
}
