/** THIRD-PARTY-NOTICES: who wrote what is in an artefact, and under which licence. */
import { readFileSync } from 'node:fs'
import { BUN_PARTS } from './bun-parts.ts'
import type { Package } from './packages-used.ts'

const RULE = `\n${'-'.repeat(79)}\n\n`

/** For a binary: the packages in it, and Bun. */
export function binaryNotices(packages: readonly Package[]): string {
  const lgpl = readFileSync(new URL('LGPL-2.1.txt', import.meta.url), 'utf8')
  return [bundleNotices(packages), bunNotice(), `GNU LESSER GENERAL PUBLIC LICENSE 2.1\n\n${lgpl}`].join(RULE)
}

export function bundleNotices(packages: readonly Package[]): string {
  return ['sera contains the software below. Its own licence is in LICENSE.\n', ...packages.map(notice)].join(RULE)
}

function notice({ name, version, license, homepage, licenseText }: Package): string {
  const from = homepage === undefined ? '' : `${homepage}\n`
  const text = licenseText === '' ? `Licence: ${license}; the package has no text of it.` : licenseText
  return `${name} ${version} (${license})\n${from}\n${text}\n`
}

function bunNotice(): string {
  const parts = BUN_PARTS.map(({ name, licence, url }) => `  ${name}: ${licence}\n    ${url}\n`).join('')
  return `Bun ${Bun.version} (MIT)
https://github.com/oven-sh/bun

The binary contains the runtime Bun, which links these libraries:

${parts}
JavaScriptCore and tinycc are under the LGPL. Their sources, with Bun's changes, are at the addresses above; LICENSE.md of
Bun describes how to link Bun with a changed JavaScriptCore. scripts/binary in the sources of sera builds this binary with
any Bun, also with a changed one.
`
}
