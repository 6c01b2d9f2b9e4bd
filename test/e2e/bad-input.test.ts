/** Whatever is typed or configured wrongly: one clear line, the right code, nothing run. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Result, RUNTIMES, sera } from '../support/cli.js'
import { type SharedServer, sharedServers } from '../support/servers.js'
import { test } from '../support/turns.js'

const folder = await mkdtemp(join(tmpdir(), 'sera-bad-input-'))
const [server] = sharedServers() as [SharedServer]
const env = { SERA_SERVER: server.dsn() }
const COMMAND = ['echo', 'ran']

const WRONG_USAGE: [string[], RegExp][] = [
  [['--nope', '5', ...COMMAND], /unknown flag --nope/],
  [['-x', '5', ...COMMAND], /unknown flag -x/],
  [['--wait-and-skip=yes', '5', ...COMMAND], /true or false/],
  [['--name'], /needs a value/],
  [['--name=', '5', ...COMMAND], /--name is empty/],
  [['--engine', 'redis', '5', ...COMMAND], /get_lock/],
  [['--engine', 'lease', '5', ...COMMAND], /not in this version/],
  [['--lease', 'soon', '5', ...COMMAND], /--lease/],
  [['--lease', '-5', '5', ...COMMAND], /--lease/],
  [['--lease', '5s', '5', ...COMMAND], /half the lease/],
  [['--grace', '30s', '5', ...COMMAND], /half the lease/],
  [['--hold-at-least', 'x', '5', ...COMMAND], /--hold-at-least/],
  [['--run-at-most', '0', '5', ...COMMAND], /--run-at-most/],
  [['--on-lost', 'panic', '5', ...COMMAND], /reclaim/],
  [['-E', '256', '5', ...COMMAND], /0 to 255/],
  [['-E', '-1', '5', ...COMMAND], /0 to 255/],
  [['--server', '', '5', ...COMMAND], /--server/],
  [['1h1h', ...COMMAND], /<wait>/],
  [['-5', ...COMMAND], /<wait>/],
  [['5.', ...COMMAND], /<wait>/],
  [['99999999999999999999', ...COMMAND], /<wait>/],
  [['5'], /no command/],
  [['5', ''], /empty/],
  [['5', '--verbose', 'ls'], /flags of sera go before <wait>/],
  [[''], /neither a <wait>/],
  [['barrier', 'x', '3'], /not in this version/],
  [['embedded', 'explode'], /usage: sera embedded/],
]

const WRONG_CONFIG: [string, unknown, RegExp][] = [
  ['not JSON', '{"server": }', /line 1/],
  ['half a file', '{"server": "x"', /line/],
  ['a list', '[]', /object/],
  ['a number for the server', { server: 5 }, /server/],
  ['a DSN without a slash', { server: 'sera:secret@tcp(127.0.0.1:3306)' }, /\//],
  ['a DSN with an unknown net', { server: 'sera:secret@carrier-pigeon(x)/' }, /net/],
  ['a port that is none', { server: 'sera:secret@tcp(127.0.0.1:99999)/' }, /port/],
  ['a NUL', { server: 'sera:secret@tcp(127.0.0.1:3306)/\0' }, /NUL/],
  ['an engine that is none', { server: 'embedded', engine: 'redis' }, /engine/],
  ['a lease that is none', { server: 'embedded', lease: 'soon' }, /lease/],
  ['text for a switch', { server: 'embedded', audit: 'yes' }, /audit/],
  ['a server file that is missing', { serverFile: '/no/such/file' }, /no\/such\/file/],
]

function refused(t: import('ava').ExecutionContext, result: Result, code: number, message: RegExp, what: string): void {
  t.deepEqual({ code: result.code, stdout: result.stdout }, { code, stdout: '' }, `${what}: ${result.stderr}`)
  t.regex(result.stderr, /^sera: [^\n]+\n$/, `${what}: one line`)
  t.regex(result.stderr, message, what)
  t.notRegex(result.stderr, /secret| at \S+:\d+/, `${what}: no password, no stack`)
}

for (const runtime of RUNTIMES) {
  test(`${runtime.name}: wrong usage is 201`, async t => {
    for (const [args, message] of WRONG_USAGE) {
      refused(t, await sera(runtime, args, { env }), 201, message, args.join(' '))
    }
  })

  test(`${runtime.name}: a wrong configuration is 200`, async t => {
    for (const [what, content, message] of WRONG_CONFIG) {
      const file = join(folder, `${runtime.name}.json`)
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
      refused(t, await sera(runtime, ['--config', file, '5', ...COMMAND]), 200, message, what)
    }
    mkdirSync(join(folder, 'directory'), { recursive: true })
    refused(
      t,
      await sera(runtime, ['--config', join(folder, 'directory'), '5', ...COMMAND]),
      200,
      /directory/,
      'a directory',
    )
    for (const name of ['SERA_LEASE', 'SERA_VERBOSE', 'SERA_ON_LOST', 'SERA_SERVER']) {
      refused(
        t,
        await sera(runtime, ['5', ...COMMAND], { env: { ...env, [name]: '' } }),
        200,
        new RegExp(name),
        `${name} empty`,
      )
    }
  })

  test(`${runtime.name}: a config file that may not be read is 200`, async t => {
    const file = join(folder, `${runtime.name}-unreadable.json`)
    writeFileSync(file, JSON.stringify({ server: server.dsn() }))
    chmodSync(file, 0o000)
    // root reads everything, unless it has put down the capabilities to
    const asRoot = process.getuid?.() === 0
    const program = asRoot ? { name: runtime.name, path: 'setpriv' } : runtime
    const before = asRoot ? ['--bounding-set=-dac_override,-dac_read_search', runtime.path] : []
    const result = await sera(program, [...before, '--config', file, '5', ...COMMAND])
    refused(t, result, 200, /permission/i, 'unreadable')
  })

  test(`${runtime.name}: any lock name will do`, async t => {
    for (const name of [
      'it\'s "quoted"',
      'with spaces',
      '🔒🚀',
      'x'.repeat(10_000),
      'UPPER',
      'a;DROP TABLE x',
      '%',
      '\\',
    ]) {
      const { code, stdout, stderr } = await sera(runtime, ['--name', name, '5', ...COMMAND], { env })
      t.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'ran\n', stderr: '' }, name.slice(0, 20))
    }
  })

  test(`${runtime.name}: a password in --server is warned of and not repeated`, async t => {
    const { code, stdout, stderr } = await sera(runtime, ['--verbose', '--server', server.dsn(), '5', ...COMMAND])
    t.deepEqual({ code, stdout }, { code: 0, stdout: 'ran\n' })
    t.regex(stderr, /visible in ps/)
    t.notRegex(stderr, /secret/)
  })

  test(`${runtime.name}: an unknown key in the config is said, and stops nothing`, async t => {
    const file = join(folder, `${runtime.name}-unknown.json`)
    writeFileSync(file, JSON.stringify({ server: server.dsn(), verbos: true }))
    const quiet = await sera(runtime, ['--config', file, '5', ...COMMAND])
    t.deepEqual([quiet.code, quiet.stdout, quiet.stderr], [0, 'ran\n', ''])
    t.regex((await sera(runtime, ['--verbose', '--config', file, '5', ...COMMAND])).stderr, /verbos.*verbose/)
  })

  test(`${runtime.name}: help shows every flag and every exit code`, async t => {
    const { FLAGS } = await import('../../src/commands/flags.js')
    const { EXIT_CODES } = await import('../../src/outcome.js')
    for (const args of [['--help'], ['-h'], ['-help'], ['help'], ['embedded', '--help']]) {
      const { code, stdout, stderr } = await sera(runtime, args)
      t.deepEqual([code, stderr], [0, ''])
      for (const { name } of FLAGS) t.true(stdout.includes(`--${name}`), name)
      for (const { code } of Object.values(EXIT_CODES)) t.true(stdout.includes(String(code)))
      t.true(
        stdout.split('\n').every(line => line.length <= 100),
        'fits',
      )
    }
    const { VERSION } = await import('../../src/version.js')
    t.is((await sera(runtime, ['--version'])).stdout, `sera ${VERSION}\n`)
  })

  test(`${runtime.name}: completion offers flags and subcommands`, async t => {
    const script = await sera(runtime, ['completion'])
    t.regex(script.stdout, /complete .* sera/)
    const offered = await sera(runtime, ['--get-yargs-completions', 'sera', '--wa'])
    t.regex(offered.stdout, /^--wait-and-skip$/m)
    t.notRegex(offered.stdout, /^--?.$/m, 'no short ones')
    const after = async (...words: string[]) =>
      (await sera(runtime, ['--get-yargs-completions', 'sera', ...words])).stdout
    t.regex(await after('em'), /^embedded$/m)
    t.is(await after('embedded', ''), 'start\nstop\nstatus\n')
    t.is(await after('5', 'tail', '--'), '')
    t.is(await after('--quiet', '5', ''), '')
  })
}
