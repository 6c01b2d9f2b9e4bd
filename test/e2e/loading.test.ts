/** A command line loads only the modules that it needs, so it starts fast. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { sera } from '../support/cli.js'
import { testFolder } from '../support/environment.js'
import type { SeraRuntime } from '../support/runtimes.js'
import { sharedServers } from '../support/servers.js'

// only on Node: the binary is one file
const node: SeraRuntime = { name: 'node', program: resolve('bin/sera') }
const DIST = resolve('dist')
/** Packages that only some command lines need. */
const RARE = /\/node_modules\/(yargs|winston|hono|zod|yaml)\//

const [server] = sharedServers()

test('the classic command loads no subcommand, no lock tables, and neither yargs nor winston', async t => {
  const loaded = await modulesOf(['0', 'true'])
  t.deepEqual(
    within('commands', loaded).filter(file => !file.startsWith('classic/')),
    ['index.js'],
  )
  t.deepEqual(within('store/tables', loaded), [])
  t.deepEqual(within('cli/completion', loaded), [])
  t.deepEqual(
    loaded.filter(file => RARE.test(file)),
    [],
  )
})

test('a subcommand loads no other subcommand, no GET_LOCK, and neither yargs nor winston', async t => {
  const loaded = await modulesOf(['rwlock', 'read', t.title, '0', 'true'])
  t.deepEqual(within('commands', loaded), ['index.js', 'rwlock.js'])
  t.deepEqual(within('store/get-lock', loaded), [])
  t.deepEqual(within('gateway', loaded), [])
  t.deepEqual(
    loaded.filter(file => RARE.test(file)),
    [],
  )
})

test('help loads no subcommand', async t => {
  const loaded = await modulesOf(['rwlock', '--help'])
  t.deepEqual(within('commands', loaded), ['index.js'])
  t.deepEqual(within('store', loaded), [])
})

/** The files that V8 has compiled. */
async function modulesOf(args: readonly string[]): Promise<string[]> {
  const folder = mkdtempSync(join(testFolder, 'loaded-'))
  const result = await sera(node, args, { env: { SERA_SERVER: server?.dsn() ?? '', NODE_V8_COVERAGE: folder } })
  if (result.code !== 0) throw new Error(`sera ${args.join(' ')}: ${result.code}, ${result.stderr}`)
  const scripts = readdirSync(folder).flatMap(file => JSON.parse(readFileSync(join(folder, file), 'utf8')).result)
  const urls: string[] = scripts.map(({ url }) => url)
  return urls.filter(url => url.startsWith('file:')).map(url => fileURLToPath(url))
}

/** The files in a folder of sera, relative to it. */
function within(folder: string, loaded: readonly string[]): string[] {
  const files = loaded.map(file => relative(join(DIST, folder), file))
  return files.filter(file => !file.startsWith('..')).sort()
}
