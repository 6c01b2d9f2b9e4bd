import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import test from 'ava'
import { VERSION } from '../src/version.js'

const description = JSON.parse(readFileSync('package.json', 'utf8'))

/** Uses no network, changes nothing, and runs no script of the package. */
const npm = (...args: string[]) =>
  execFileSync('npm', [...args, '--dry-run', '--ignore-scripts', '--offline'], { encoding: 'utf8', stdio: 'pipe' })

test('sera --version prints the version of package.json', t => {
  t.is(VERSION, description.version)
})

test('npm ci accepts the lock file for every platform', t => {
  t.notThrows(() => npm('ci'))
})

test('the package contains program, documentation and changelog', t => {
  const [packed] = JSON.parse(npm('pack', '--json')) as [{ files: { path: string }[] }]
  const paths = packed.files.map(({ path }) => path)
  const wanted = ['bin/sera', 'dist/main.js', 'dist/lib/index.d.ts', 'dist/gateway/page/index.html']
  const documents = ['README.md', 'CHANGELOG.md', 'LICENSE', 'docs/reference/library.md', 'etc/sera.json.example']
  for (const path of [...wanted, ...documents]) t.true(paths.includes(path), path)
  t.false(paths.includes('dist/sera'), 'the binary is not part of the npm package')
  t.deepEqual(
    paths.filter(path => /^docs\/(\.|package|node_modules)/.test(path)),
    [],
    'what builds the site stays out',
  )
  for (const key of ['repository', 'homepage', 'bugs', 'keywords']) t.truthy(description[key], key)
})
