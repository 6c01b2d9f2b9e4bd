/**
 * A release as its users get it: made by scripts/release, installed in each way, and used. The quick form has the binary of this
 * machine; `npm run test:release` has every target, Node 20 to 24, Deno, and the checks of packages that other people wrote.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import test from 'ava'
import { archiveName, isFull, makeArtefacts } from './artefacts.js'
import { elsewhereTests } from './elsewhere.js'
import { figureTests } from './figures.js'
import { installerTests } from './installer.js'
import { npmTests } from './npm.js'
import { output } from './programs.js'

const artefacts = makeArtefacts()
const { folder, version, find } = artefacts
const targets = isFull ? ['linux-x64', 'linux-arm64', 'linux-x64-musl', 'linux-arm64-musl'] : [`linux-${process.arch}`]

test('two runs of scripts/release in two folders make the same bytes', t => {
  const names = readdirSync(folder).filter(name => name !== 'work' && name !== 'SHA256SUMS')
  t.deepEqual(
    names,
    readdirSync(artefacts.again).filter(name => name !== 'SHA256SUMS'),
  )
  for (const name of names)
    t.true(readFileSync(join(artefacts.again, name)).equals(readFileSync(join(folder, name))), name)
})

test('SHA256SUMS has the sum of each artefact', async t => {
  await output(t, 'sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: folder })
  t.is(readFileSync(`${folder}/SHA256SUMS`, 'utf8').trim().split('\n').length, readdirSync(folder).length - 2)
})

for (const target of targets) {
  test(`the archive of ${target} has the program, its documents and its licences`, async t => {
    const name = archiveName(version, target)
    const paths = (await output(t, 'tar', ['-tf', find(name)])).split('\n')
    const wanted = [
      ...['bin/sera', 'share/bash-completion/completions/sera', 'share/zsh/site-functions/_sera'],
      ...['share/fish/vendor_completions.d/sera.fish', 'share/doc/sera/LICENSE', 'share/doc/sera/THIRD-PARTY-NOTICES'],
      ...['share/doc/sera/sera.json.example', 'share/doc/sera/systemd/sera-gateway.service'],
    ]
    for (const path of wanted) t.true(paths.includes(`${basename(name, '.tar.xz')}/${path}`), path)
  })
}

test('every package names the licences of what it contains', async t => {
  for (const name of [`sera-linux-${process.arch}-${version}.tgz`, `sera-${version}.tgz`]) {
    const notices = await output(t, 'tar', ['-xOzf', find(name), 'package/THIRD-PARTY-NOTICES'])
    t.regex(notices, /\nyargs \d[\d.]* \(MIT\)\n/, name)
    t.is(/JavaScriptCore/.test(notices), name.includes('linux'), name)
    t.is(/GNU LESSER GENERAL PUBLIC LICENSE/.test(notices), name.includes('linux'), name)
  }
})

test('the bill of materials lists the packages, Bun and what Bun links', t => {
  const { bomFormat, specVersion, components } = JSON.parse(readFileSync(find(`sera-${version}`, '.cdx.json'), 'utf8'))
  t.deepEqual([bomFormat, specVersion], ['CycloneDX', '1.6'])
  const names: string[] = components.map(({ name }: { name: string }) => name)
  for (const name of ['mysql2', 'yargs', 'winston', 'hono', 'bun']) t.true(names.includes(name), name)
  const bun = components.find(({ name }: { name: string }) => name === 'bun')
  t.true(bun.components.some(({ name }: { name: string }) => name.startsWith('JavaScriptCore')))
})

npmTests(artefacts)
installerTests(artefacts)
if (isFull) elsewhereTests(artefacts)
if (isFull) figureTests(artefacts)
