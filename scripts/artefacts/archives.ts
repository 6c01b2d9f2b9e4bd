/** One .tar.xz for each target: the tree that belongs below /usr/local or ~/.local. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { archive, Tree } from './files.ts'
import type { Release } from './release-options.ts'
import type { Target } from './targets.ts'

export interface Documents {
  /** Folder of the man pages. */
  man: string
  /** By shell. */
  completions: ReadonlyMap<string, string>
  notices: string
}

const COMPLETIONS: Readonly<Record<string, string>> = {
  bash: 'share/bash-completion/completions/sera',
  zsh: 'share/zsh/site-functions/_sera',
  fish: 'share/fish/vendor_completions.d/sera.fish',
}

export function makeArchive(target: Target, binary: string, documents: Documents, release: Release): void {
  const name = `sera-${release.version}-${target.name}`
  const parent = join(release.out, 'work', target.name)
  const tree = new Tree(join(parent, name))
  tree.copy(binary, 'bin/sera', 0o755)
  for (const page of filesIn(documents.man))
    tree.copy(join(documents.man, page), `share/man/man${page.split('.').at(-1)}/${page}`)
  for (const [shell, script] of documents.completions) tree.write(COMPLETIONS[shell] ?? '', script)
  for (const unit of filesIn('etc/systemd')) tree.copy(join('etc/systemd', unit), `share/doc/sera/systemd/${unit}`)
  for (const file of ['LICENSE', 'CHANGELOG.md']) tree.copy(file, `share/doc/sera/${file}`)
  for (const file of filesIn('etc')) tree.copy(join('etc', file), `share/doc/sera/${file}`)
  tree.write('share/doc/sera/THIRD-PARTY-NOTICES', documents.notices)
  archive(parent, name, join(release.out, `${name}.tar.xz`), release)
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { withFileTypes: true })
  return entries
    .filter(entry => entry.isFile())
    .map(({ name }) => name)
    .sort()
}
