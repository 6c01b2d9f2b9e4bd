/**
 * The single binary runs, and does not only build: this tests what the bundler changed (one file, modules loaded late,
 * another runtime). Other tests run sera on the binary and on Node alike.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import test from 'ava'
import { type CliOptions, sera } from '../support/cli.js'
import { testFolder } from '../support/environment.js'
import { sharedServers } from '../support/servers.js'

// quick when the binary is up to date
execFileSync('scripts/build-binary', { stdio: ['ignore', 'ignore', 'inherit'] })

/** A folder without the sources. */
const folder = mkdtempSync(join(testFolder, 'binary-'))
const program = join(folder, 'sera')
copyFileSync(resolve('dist/sera'), program)

const run = (args: readonly string[], options: CliOptions = {}) =>
  sera({ name: 'binary', program }, args, { cwd: folder, ...options })

test('it prints its version', async t => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  t.like(await run(['--version']), { code: 0, stdout: `sera ${version}\n`, stderr: '' })
})

test('help and completion, loaded when needed, work', async t => {
  const help = await run(['--help'])
  t.is(help.code, 0)
  t.regex(help.stdout, /--wait-and-skip/)
  t.like(await run(['completion'], { env: { SHELL: '/bin/bash' } }), { code: 0, stderr: '' })
})

test('it contains no path of the build machine', t => {
  t.false(readFileSync(program).includes(resolve('src')))
  t.false(readFileSync(program).includes(resolve('node_modules')))
})

for (const server of sharedServers()) {
  const on = (title: string) => `${title} (${server.kind})`
  const dsn = server.dsn()

  test(on('it runs a command in any folder and without HOME'), async t => {
    const nowhere = join(folder, `nowhere-${server.kind}`)
    mkdirSync(nowhere)
    const env = { SERA_SERVER: dsn, HOME: nowhere, PATH: '/usr/bin:/bin' }
    const result = await run(['5', 'sh', '-c', 'pwd; exit 3'], { cwd: nowhere, env })
    t.like(result, { code: 3, stdout: `${nowhere}\n`, stderr: '' })
  })

  test(on('.env and bunfig.toml in the working directory have no effect'), async t => {
    const trap = join(folder, `trap-${server.kind}`)
    mkdirSync(trap)
    for (const name of ['.env', '.env.local', '.env.production', '.env.development']) {
      writeFileSync(join(trap, name), 'FROM_DOTENV=here\nSERA_LEASE=nonsense\n')
    }
    writeFileSync(join(trap, 'bunfig.toml'), 'preload = ["./preload.js"]\n')
    writeFileSync(join(trap, 'preload.js'), "require('node:fs').writeFileSync('preloaded', '')\n")
    const print = ['sh', '-c', 'printenv FROM_DOTENV || echo unset']
    const result = await run(['5', ...print], { cwd: trap, env: { SERA_SERVER: dsn } })
    t.like(result, { code: 0, stdout: 'unset\n', stderr: '' })
    t.false(existsSync(join(trap, 'preloaded')))
  })

  test(on('names of server errors, loaded at the first error, are found'), async t => {
    const { code, stderr } = await run(['5', 'true'], { env: { SERA_SERVER: dsn.replace('secret', 'wrong') } })
    t.is(code, 202)
    t.regex(stderr, /access denied/)
  })

  test(on('character sets that the runtime lacks are loaded when needed'), async t => {
    const env = { SERA_SERVER: `${dsn}?charset=gbk` }
    t.like(await run(['5', 'echo', '序列'], { env }), { code: 0, stdout: '序列\n', stderr: '' })
  })

  if (server.ca) {
    const ca = encodeURIComponent(server.ca)
    test(on('TLS, loaded when needed, works'), async t => {
      const verified = `${dsn.replace('127.0.0.1', 'localhost')}?tls=true&tls-ca=${ca}`
      t.like(await run(['5', 'echo', 'safe'], { env: { SERA_SERVER: verified } }), { code: 0, stdout: 'safe\n' })
      const unverified = await run(['5', 'true'], { env: { SERA_SERVER: `${dsn}?tls=true` } })
      t.is(unverified.code, 202)
      t.regex(unverified.stderr, /TLS handshake failed/)
    })
  }
}
