/** Wrong usage and wrong configuration: one clear line, the right exit code, and no command runs. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CliResult, sera } from '../support/cli.js'
import { RUNTIMES } from '../support/runtimes.js'
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
  [['5', '--verbose', 'ls'], /got --verbose; put flags of sera before <wait>/],
  [[''], /expected a subcommand or <wait>/],
  [['once'], /<key> is missing/],
  [['once', 'x', ...COMMAND], /expected <wait> .*, got "echo"/],
  [['once', '--per', '0', 'x', '5', ...COMMAND], /--per must be longer than 0/],
  [['once', '--per', '1h', '--keep', '30m', 'x', '5', ...COMMAND], /keep 30m is shorter than per 1h/],
  [['once', '--hold-at-least', '5', 'x', '5', ...COMMAND], /--hold-at-least cannot be used with/],
  [['semaphor', 'x', '4', '5', ...COMMAND], /did you mean "semaphore"/],
  [['sem', 'x', '4', ...COMMAND], /expected <wait> .*, got "echo"/],
  [['sem', 'x', '0', '5', ...COMMAND], /<permits>: expected a whole number from 1/],
  [['sem', 'x', '-1', '5', ...COMMAND], /<permits>: expected a whole number from 1/],
  [['sem', 'x', '1e9', '5', ...COMMAND], /<permits>: expected a whole number/],
  [['sem', 'x', '1000000000', '5', ...COMMAND], /<permits>: .* from 1 to/],
  [['sem', '--units', '5', 'x', '4', '5', ...COMMAND], /--units: .* from 1 to 4/],
  [['sem', 'x', 'many'], /<delta>: expected a whole number/],
  [['sem', 'x', '99999999999999999999'], /<delta>: expected a whole number between -\d+ and \d+/],
  [['rwlock', 'write', '', '5', ...COMMAND], /the rwlock's name is empty/],
  [['rwlock', 'write', 'x'.repeat(300), '5', ...COMMAND], /has 300 characters/],
  [['rwlock', 'write', 'x', '5x', ...COMMAND], /<wait> must be .*, not "5x"/],
  [['barrier', 'x', '0'], /<count>: expected a whole number from 1/],
  [['barrier', 'x', '3', '--wait', 'soon'], /--wait must be/],
  [['barrier', 'x', '3', '--tag', ''], /--tag is empty/],
  [['barrier', 'x', '3', '--lease', '1s'], /half the lease/],
  [['barrier', 'x', '3', '--wait', '0', '--keep', '1h'], /--keep needs --single-use/],
  [['gate', 'close', '--for', '0', 'x'], /--for must be longer than 0/],
  [['gate', 'wait', 'a\nb'], /control character/],
  [['verify', 'gate', 'x', '5'], /unknown <kind> "gate"; use one of mutex/],
  [['verify', 'rwlock', 'x', 'abc'], /<token> must be .*, not "abc"/],
  [['doctor', 'x'], /unexpected word "x"; usage: sera doctor/],
  [['history', 'x'], /unexpected word "x"; usage: sera history/],
  [['break', '--reason', 'x'.repeat(501), 'mutex', 'x'], /--reason has 501 characters; at most 500 are allowed/],
  [['history', '--since', 'yesterday'], /--since must be 2h, .* not "yesterday"/],
  [['history', '--since', '2026-02-30'], /--since must be/],
  [['history', '--outcome', 'ran,won'], /unknown --outcome "won"; use one of ran, done, .*conflict/],
  [['history', '--limit', '0'], /--limit: .* from 1 to 10000/],
  [['history', '--limit', 'all'], /--limit: expected a whole number/],
  [['history', '--units', '2'], /--units cannot be used with sera history/],
  [['schema', 'aply'], /expected one of print, apply, drop, got "aply"/],
  [['schema', 'print', '--yes'], /--yes cannot be used with sera schema/],
  [['status', 'wiki'], /unknown <kind> "wiki"; use one of mutex, rwlock/],
  [['status', 'gate', ''], /the gate's name is empty/],
  [['status', 'gate', 'x', '5'], /unexpected word "5"/],
  [['status', '--watch'], /--watch needs a terminal/],
  [['status', '--yes'], /--yes cannot be used with sera status/],
  [['break', 'rwlock', 'x'], /there is no terminal to ask on; use --yes/],
  [['break', '--yes', 'gate', 'x'], /a gate has no holder; to change it: sera gate open x/],
  [['break', '--yes', 'rwlock'], /<name> is missing/],
  [['pool', '-r', 'x', ...COMMAND], /-H is missing; usage: sera pool -H HOST -r POOL <command…>/],
  [['pool', '-H', 'gw', ...COMMAND], /-r is missing/],
  [['pool', '-H', 'gw', '-r', '', ...COMMAND], /--pool is empty/],
  [['pool', '-H', 'gw', '-r', 'a\nb', ...COMMAND], /control character/],
  [['pool', '-H', 'g w', '-r', 'x', ...COMMAND], /--host "g w": expected a host, host:port or URL/],
  [['pool', '-H', 'gw', '-p', 'http', '-r', 'x', ...COMMAND], /--port: expected a number/],
  [['pool', '-H', 'gw', '-r', 'x', '--wait', '5x', ...COMMAND], /--wait must be/],
  [['pool', '-H', 'gw', '-r', 'x', '5', ...COMMAND], /did you mean --wait 5\?/],
  [['pool', '-H', 'gw', '-r', 'x'], /a command is missing/],
  [['embedded', 'explode'], /usage: sera embedded/],
]

const WRONG_RENDEZVOUS: typeof WRONG_USAGE = [
  [['sync', 'x'], /--actor NAME is required/],
  [['sync', '--actor', '', 'x'], /--actor is empty/],
  [['sync', '--actor', 'Büro 1', 'x'], /actor "Büro 1" is a label's value, column 2: /],
  [['sync', '--actor', 'x'.repeat(64), 'x'], /column 64: a value must have at most 63 characters/],
  [['sync', '--actor', 'a', ''], /the rendezvous's name is empty/],
  [['sync', '--actor', 'a', '--mates', '64', 'x'], /mates: .* from 0 to 63, got 64/],
  [['sync', '--actor', 'a', '--mates', '-1', 'x'], /mates: .* from 0 to 63, got -1/],
  [['sync', '--actor', 'a', '--mates', 'two', 'x'], /--mates: expected a whole number, got "two"/],
  [['sync', '--actor', 'a', '--labels', 'role', 'x'], /--labels, column 5: expected '=', found the end/],
  [['sync', '--actor', 'a', '--labels', 'a=1,a=2', 'x'], /--labels: duplicate key a/],
  [['sync', '--actor', 'a', '--selector', 'role in db', 'x'], /--selector, column 9: expected '\(', found "db"/],
  [['sync', '--actor', 'a', '--selector', 'role="db"', 'x'], /--selector, column 6: a value must not have quotes/],
  [
    ['sync', '--actor', 'a', '--payload', '@/no/such/file', 'x'],
    /--payload: cannot read \/no\/such\/file: there is no such file/,
  ],
  [['sync', '--actor', 'a', '--payload', '@/', 'x'], /--payload: cannot read \/: it is a directory/],
  [['sync', '--actor', 'a', '--payload', '@/dev/zero', 'x'], /payload: more than 16384 bytes/],
  [['sync', '--actor', 'a', '--payload', `@${process.execPath}`, 'x'], /--payload: .* it is not UTF-8 text/],
  [['sync', '--actor', 'a', 'x', 'ls'], /unexpected word "ls" \(put a command after --\)/],
  [['sync', '--actor', 'a', '--wait', 'soon', 'x'], /--wait must be/],
]

const WRONG_CONFIG: [string, unknown, RegExp][] = [
  ['not JSON', '{"server": }', /line 1/],
  ['half a file', '{"server": "x"', /line/],
  ['a list', '[]', /object/],
  ['a number for the server', { server: 5 }, /server/],
  ['a DSN without a slash', { server: 'sera:secret@tcp(127.0.0.1:3306)' }, /\//],
  ['a DSN with an unknown net', { server: 'sera:secret@carrier-pigeon(x)/' }, /net/],
  ['an invalid port', { server: 'sera:secret@tcp(127.0.0.1:99999)/' }, /port/],
  ['a NUL', { server: 'sera:secret@tcp(127.0.0.1:3306)/\0' }, /NUL/],
  ['an invalid engine', { server: 'embedded', engine: 'redis' }, /engine/],
  ['an invalid lease', { server: 'embedded', lease: 'soon' }, /lease/],
  ['text for a switch', { server: 'embedded', audit: 'yes' }, /audit/],
  ['a missing server file', { serverFile: '/no/such/file' }, /no\/such\/file/],
]

function refused(
  t: import('ava').ExecutionContext,
  result: CliResult,
  code: number,
  message: RegExp,
  what: string,
): void {
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

  test(`${runtime.name}: wrong usage of rendezvous is 201 and names the error`, async t => {
    for (const [args, message] of WRONG_RENDEZVOUS) {
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

  test(`${runtime.name}: an unreadable config file is 200`, async t => {
    const file = join(folder, `${runtime.name}-unreadable.json`)
    writeFileSync(file, JSON.stringify({ server: server.dsn() }))
    chmodSync(file, 0o000)
    // root can read every file, unless it drops the capabilities for it
    const asRoot = process.getuid?.() === 0
    const program = asRoot ? { name: runtime.name, program: 'setpriv' } : runtime
    const before = asRoot ? ['--bounding-set=-dac_override,-dac_read_search', runtime.program] : []
    const result = await sera(program, [...before, '--config', file, '5', ...COMMAND])
    refused(t, result, 200, /permission/i, 'unreadable')
  })

  test(`${runtime.name}: --name accepts any text`, async t => {
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

  test(`${runtime.name}: a password in --server gives a warning that does not repeat it`, async t => {
    const { code, stdout, stderr } = await sera(runtime, ['--verbose', '--server', server.dsn(), '5', ...COMMAND])
    t.deepEqual({ code, stdout }, { code: 0, stdout: 'ran\n' })
    t.regex(stderr, /visible in ps/)
    t.notRegex(stderr, /secret/)
  })

  test(`${runtime.name}: an unknown key in the config gives a warning only`, async t => {
    const file = join(folder, `${runtime.name}-unknown.json`)
    writeFileSync(file, JSON.stringify({ server: server.dsn(), verbos: true }))
    const quiet = await sera(runtime, ['--config', file, '5', ...COMMAND])
    t.deepEqual([quiet.code, quiet.stdout, quiet.stderr], [0, 'ran\n', ''])
    t.regex((await sera(runtime, ['--verbose', '--config', file, '5', ...COMMAND])).stderr, /verbos.*verbose/)
  })

  test(`${runtime.name}: help lists all subcommands and flags; a subcommand’s help lists its own`, async t => {
    const { flagsOf } = await import('../../src/cli/args/flags.js')
    const { SUBCOMMANDS, usageOf } = await import('../../src/cli/args/command-table.js')
    const { EXIT_CODES } = await import('../../src/outcome.js')
    const help = async (...args: string[]) => {
      const { code, stdout, stderr } = await sera(runtime, args)
      t.deepEqual([code, stderr], [0, ''])
      for (const line of stdout.split('\n')) t.true(line.length <= 100, line)
      return stdout
    }
    for (const args of [['--help'], ['-h'], ['-help'], ['help']]) {
      const text = await help(...args)
      for (const { name } of flagsOf(['classic'])) t.true(text.includes(`--${name}`), name)
      for (const { code } of Object.values(EXIT_CODES)) t.true(text.includes(String(code)))
      for (const one of SUBCOMMANDS) for (const form of one.forms) t.true(text.includes(usageOf(one, form)))
    }
    for (const { name, aliases: [alias = name] = [], forms, examples } of SUBCOMMANDS) {
      const text = await help(alias, '--help')
      t.is(await help('help', name), text)
      for (const flag of flagsOf(forms.map(form => form.name))) t.true(text.includes(`--${flag.name}`), flag.name)
      for (const [line] of examples) t.true(text.includes(line))
      const wraps = forms.some(form => form.wraps && !form.dashed && !form.direct)
      t.is(text.includes('<wait>'), wraps, `${name}: mentions <wait> only if it has one`)
    }
    const { VERSION } = await import('../../src/version.js')
    t.is((await sera(runtime, ['--version'])).stdout, `sera ${VERSION}\n`)
    for (const args of [
      ['--version', '--json'],
      ['version', '--json'],
    ]) {
      const { runtime: ranOn, ...report } = JSON.parse((await sera(runtime, args)).stdout)
      t.regex(ranOn, runtime.name === 'node' ? /^node \d+\.\d+\.\d+$/ : /^bun \d+\.\d+\.\d+$/)
      const target = runtime.name === 'node' ? 'source' : `linux-${process.arch}`
      t.deepEqual(report, { version: VERSION, commit: null, target })
    }
  })

  test(`${runtime.name}: completion offers flags and subcommands`, async t => {
    const script = await sera(runtime, ['completion'])
    t.regex(script.stdout, /complete .* sera/)
    const offered = await sera(runtime, ['--get-yargs-completions', 'sera', '--wa'])
    t.regex(offered.stdout, /^--wait-and-skip$/m)
    t.notRegex(offered.stdout, /^--?.$/m, 'no short flags')
    const after = async (...words: string[]) =>
      (await sera(runtime, ['--get-yargs-completions', 'sera', ...words])).stdout
    t.regex(await after('em'), /^embedded$/m)
    t.is(await after('embedded', ''), 'start\nstatus\nstop\n')
    t.is(await after('gate', ''), 'close\nopen\nwait\n')
    t.is(await after('gate', 'open', ''), '', 'no server')
    t.regex(await after('sem', '--u'), /^--units$/m)
    t.is(await after('--name', ''), '')
    t.is(await after('5', 'tail', '--'), '')
    t.is(await after('--quiet', '5', ''), '')
  })
}
