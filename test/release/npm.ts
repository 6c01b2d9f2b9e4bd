/** The npm packages, installed from a registry on this machine into empty projects. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { testFolder } from '../support/environment.js'
import { sharedServers } from '../support/servers.js'
import { type Artefacts, isFull } from './artefacts.js'
import { machine, output, run } from './programs.js'
import { Registry } from './registry.js'

/** What the full form brings (scripts/setup-release-tests). */
const TOOLS = resolve('build/release-tools/node_modules')

const NODES = isFull
  ? ['node20', 'node22', 'node24'].map(name => ({ name, program: `${TOOLS}/${name}/bin/node` }))
  : [{ name: 'this Node', program: process.execPath }]

const LIBRARY = `
  const sera = await connect(process.env.DSN)
  const lock = await sera.mutex('release').acquire({ wait: '10s' })
  console.log('locked', lock.token > 0, EXIT_CODES.lost.code)
  await lock.release()
  await sera.close()`

const ESM = `import { connect, EXIT_CODES } from 'sera'\nimport 'sera/testing'\n${LIBRARY}`
const REQUIRE = `const { connect, EXIT_CODES } = require('sera')\nrequire('sera/testing')\n;(async () => {${LIBRARY}})()`
const LOCKED = 'locked true 206\n'

export function npmTests({ folder, version }: Artefacts): void {
  const registry = new Registry(folder, join(testFolder, 'registry'))
  test.before(async () => {
    await registry.listen()
  })
  test.after.always(() => registry.close())

  /** An empty project in which sera has been installed, one for each Node. */
  const projects = new Map<string, Promise<ReturnType<typeof machine>>>()
  const project = (t: ExecutionContext, node = process.execPath) => {
    const made = projects.get(node) ?? makeProject(t, `${registry.url}/`, node)
    projects.set(node, made)
    return made
  }

  const [server] = sharedServers()
  const dsn = server?.dsn() ?? ''

  for (const node of NODES) {
    test(`npm install --global sera: the binary runs commands (${node.name})`, async t => {
      const { env, home } = machine(`${registry.url}/`, node.program)
      await output(t, 'npm', ['install', '--global', 'sera'], { env })
      const { runtime, target, ...report } = JSON.parse(await output(t, 'sera', ['--version', '--json'], { env }))
      t.is(report.version, version)
      t.is(target, `linux-${process.arch}`)
      t.regex(runtime, /^bun /)
      const embedded = { ...env, XDG_STATE_HOME: home }
      t.is(await output(t, 'sera', ['--server', 'embedded', '5', 'echo', 'hello'], { env: embedded }), 'hello\n')
      await run('sera', ['embedded', 'stop'], { env: embedded })
    })

    test(`npm install where no binary fits: sera runs on Node (${node.name})`, async t => {
      const { env } = machine(`${registry.url}/`, node.program)
      await output(t, 'npm', ['install', '--global', '--cpu=ia32', 'sera'], { env })
      const report = JSON.parse(await output(t, 'sera', ['--version', '--json'], { env }))
      t.like(report, {
        version,
        target: 'node',
        runtime: `node ${(await output(t, 'node', ['-p', 'process.versions.node'], { env })).trim()}`,
      })
      t.is(await output(t, 'sera', ['5', 'echo', 'hello'], { env: { ...env, SERA_SERVER: dsn } }), 'hello\n')
      t.is((await run('sera', ['5', 'sh', '-c', 'exit 3'], { env: { ...env, SERA_SERVER: dsn } })).code, 3)
    })

    test(`a project imports and requires the library (${node.name})`, async t => {
      const { home, env } = await project(t, node.program)
      for (const [name, text] of [
        ['esm.mjs', ESM],
        ['required.cjs', REQUIRE],
      ] as const) {
        writeFileSync(join(home, name), text)
        const ran = await run('node', [name], { cwd: home, env: { ...env, DSN: dsn } })
        t.deepEqual({ code: ran.code, stdout: ran.stdout }, { code: 0, stdout: LOCKED }, `${name}: ${ran.stderr}`)
      }
    })
  }

  test('npx runs sera without installing it', async t => {
    const { env, home } = machine(`${registry.url}/`)
    t.is(await output(t, 'npx', ['--yes', 'sera', '--version'], { cwd: home, env }), `sera ${version}\n`)
  })

  test('the main package depends on mysql2 alone, and no package has an install script', async t => {
    const { home } = await project(t)
    const { dependencies, scripts } = manifest(join(home, 'node_modules/sera'))
    t.deepEqual(Object.keys(dependencies), ['mysql2'])
    t.is(scripts, undefined)
    const lock = JSON.parse(readFileSync(join(home, 'node_modules/.package-lock.json'), 'utf8'))
    for (const [path, { hasInstallScript }] of Object.entries<{ hasInstallScript?: boolean }>(lock.packages))
      t.not(hasInstallScript, true, path)
  })

  test('its types fit projects under node16, nodenext and bundler', async t => {
    const { home, env } = await project(t)
    writeFileSync(join(home, 'use.ts'), TYPED)
    for (const [module, moduleResolution] of [
      ['node16', 'node16'],
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ]) {
      const compilerOptions = {
        module,
        moduleResolution,
        target: 'es2022',
        strict: true,
        noEmit: true,
        types: ['node'],
      }
      writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }))
      await output(t, resolve('node_modules/.bin/tsc'), ['-p', '.'], { cwd: home, env })
    }
  })

  const others = [{ name: 'Bun', program: resolve('node_modules/.bin/bun'), args: [] as string[] }]
  if (isFull) others.push({ name: 'Deno', program: `${TOOLS}/.bin/deno`, args: ['run', '-A'] })
  for (const { name, program, args } of others) {
    test(`${name} imports the library`, async t => {
      const { home, env } = await project(t)
      writeFileSync(join(home, 'esm.mjs'), ESM)
      const ran = await run(program, [...args, 'esm.mjs'], { cwd: home, env: { ...env, DSN: dsn } })
      t.is(ran.stdout, LOCKED, ran.stderr)
    })
  }

  if (!isFull) return
  const main = join(folder, `sera-${version}.tgz`)
  test('publint finds nothing in the main package', async t => {
    await output(t, `${TOOLS}/.bin/publint`, ['run', '--strict', main])
  })
  test('Are the types wrong? finds nothing, for a package of ES modules', async t => {
    await output(t, `${TOOLS}/.bin/attw`, [main, '--profile', 'esm-only'])
  })
}

const TYPED = `
import { connect, type Lock, SeraError } from 'sera'
const sera = await connect('sera:secret@tcp(db)/sera')
const lock: Lock = await sera.mutex('a').acquire({ wait: '5s' })
const token: number = lock.token
try { await sera.semaphore('b', 3).acquire() } catch (error) { if (error instanceof SeraError) console.log(error.kind, token) }
// @ts-expect-error a wait is no boolean
await sera.mutex('a').acquire({ wait: true })
`

async function makeProject(t: ExecutionContext, registry: string, node: string) {
  const { home, env } = machine(registry, node)
  writeFileSync(join(home, 'package.json'), '{ "type": "module", "private": true }')
  await output(t, 'npm', ['install', 'sera'], { cwd: home, env })
  t.true(existsSync(join(home, `node_modules/sera-linux-${process.arch}/bin/sera`)))
  t.false(readdirSync(join(home, 'node_modules')).includes('yargs'))
  return { home, env }
}

function manifest(folder: string) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}
