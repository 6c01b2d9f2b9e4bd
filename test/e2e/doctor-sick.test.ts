/** `sera doctor` with a broken config, host or server. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import fc from 'fast-check'
import mysql from 'mysql2/promise'
import { sera } from '../support/cli.js'
import { environmentAt, testFolder } from '../support/environment.js'
import { TestTerminal } from '../support/pty.js'
import { RUNTIMES } from '../support/runtimes.js'
import { type SharedServer, serverBinary, sharedServers, startServer } from '../support/servers.js'
import { test } from '../support/turns.js'
import { visit } from './doctor.js'

const [shared] = sharedServers() as [SharedServer]
const [node] = RUNTIMES as [(typeof RUNTIMES)[number]]

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(testFolder, 'doctor-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return path
}

function file(t: ExecutionContext, content: unknown, mode = 0o600): string {
  const path = join(folder(t), 'sera.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  chmodSync(path, mode)
  return path
}

for (const runtime of RUNTIMES) {
  test(`${runtime.name}: a password file that every user can read is a warning`, async t => {
    const open = await visit(t, runtime, undefined, ['--config', file(t, { server: shared.dsn() }, 0o644)])
    t.true(open.unwell.includes('warning: config/file'))
    t.regex(open.find('file').says, /holds a password, and every user of this host can read it/)
    t.regex(open.find('file').remedy ?? '', /^chmod o-r /)
    const closed = await visit(t, runtime, undefined, ['--config', file(t, { server: shared.dsn() }, 0o640)])
    t.is(closed.find('file').verdict, 'good')
    const secret = file(t, shared.dsn(), 0o604)
    const config = file(t, { serverFile: secret }, 0o644)
    const beside = await visit(t, runtime, undefined, ['--config', config])
    t.is(beside.find('file').verdict, 'good', 'it contains no password')
    t.deepEqual(
      [beside.find('server file').verdict, beside.find('server file').says.startsWith(secret)],
      ['warning', true],
    )
    const passwordless = file(t, { server: shared.rootDsn() }, 0o644)
    t.is((await visit(t, runtime, undefined, ['--config', passwordless])).find('file').verdict, 'good')
    const changeable = await visit(t, runtime, undefined, ['--config', file(t, { server: shared.dsn() }, 0o602)])
    t.regex(changeable.find('file').says, /every user of this host can change it/)
  })

  test(`${runtime.name}: a missing or wrong config is a finding, and the host is still checked`, async t => {
    const wrong: [string[], NodeJS.ProcessEnv, RegExp][] = [
      [[], {}, /^no server: \S+\/sera\.json names none$/],
      [['--config', '/no/such/file'], {}, /cannot read \/no\/such\/file: there is no such file/],
      [['--config', file(t, '{"server": "sera:secret@tcp(db)/", }')], {}, /is not valid JSON: line 1, column \d+/],
      [['--config', file(t, { server: 'sera:secret@tcp(db)' })], {}, /invalid DSN/],
      [['--config', file(t, { server: shared.dsn(), lease: 'soon' })], {}, /lease: expected seconds/],
      [[], { SERA_SERVER: shared.dsn(), SERA_GRACE: '40s' }, /must be less than half the lease/],
      [[], { SERA_CONFIG: '' }, /SERA_CONFIG/],
    ]
    for (const [args, env, message] of wrong) {
      const { unwell, find, code } = await visit(t, runtime, undefined, args, { env })
      t.deepEqual(unwell, ['bad: config/settings', 'unknown: server/connection', 'unknown: host/syslog'])
      t.regex(find('settings').says, message)
      t.is(find('guard').verdict, 'good')
      t.is(code, 1)
    }
  })

  test(`${runtime.name}: wrong usage is 201, one line`, async t => {
    for (const args of [['x'], ['--wait', '5'], ['--server', 'nonsense'], ['--lease', '5s'], ['5', 'ls'], ['--jsn']]) {
      const { code, stdout, stderr } = await sera(runtime, ['doctor', ...args])
      t.deepEqual([code, stdout], [201, ''], args.join(' '))
      t.regex(stderr, /^sera: [^\n]+\n$/)
    }
  })

  test(`${runtime.name}: unknown keys and a password in --server are warnings`, async t => {
    const config = file(t, { server: shared.dsn(), verbos: true })
    const { unwell, find } = await visit(t, runtime, undefined, ['--config', config])
    t.true(unwell.includes('warning: config/setting'))
    t.regex(find('setting').says, /unknown key "verbos", did you mean "verbose"\?/)
    const shown = await visit(t, runtime, undefined, ['--server', shared.dsn()])
    t.regex(shown.find('setting').says, /visible in ps/)
  })

  test(`${runtime.name}: a server that does not answer is bad`, async t => {
    const { unwell, find } = await visit(t, runtime, 'sera:secret@tcp(127.0.0.1:1)/sera')
    t.deepEqual(unwell, ['bad: server/connection', 'unknown: tables/tables', 'unknown: engine/engine'])
    t.regex(find('connection').says, /connection refused/)
    t.is(find('connection').remedy, 'is the server running there?')
    const silent = createServer().listen(0, '127.0.0.1')
    t.teardown(() => silent.close())
    await new Promise(resolve => silent.once('listening', resolve))
    const { port } = silent.address() as { port: number }
    const quiet = await visit(t, runtime, `sera:secret@tcp(127.0.0.1:${port})/sera?timeout=300ms`)
    t.regex(quiet.find('connection').says, /no answer in time/)
    const nowhere = await visit(t, runtime, 'sera:secret@tcp(no-such-host.invalid)/sera')
    t.regex(nowhere.find('connection').says, /no such host|name server did not answer/)
  })

  test(`${runtime.name}: syslog is bad if it does not accept messages, otherwise good`, async t => {
    const at = (address: string) => visit(t, runtime, shared.dsn(), [], { env: { SERA_SYSLOG: address } })
    const dir = folder(t)
    for (const address of [`${dir}/missing`, 'tcp://127.0.0.1:1', 'udp://no-such-host.invalid']) {
      const { unwell, find } = await at(address)
      t.true(unwell.includes('bad: host/syslog'), address)
      t.regex(find('syslog').says, /does not accept messages/)
    }
    writeFileSync(join(dir, 'dead'), '')
    t.regex((await at(`${dir}/dead`)).find('syslog').says, /no server listens there/)
    const lines: string[] = []
    const listener = createServer(socket => socket.on('data', data => lines.push(String(data)))).listen(0, '127.0.0.1')
    t.teardown(() => listener.close())
    await new Promise(resolve => listener.once('listening', resolve))
    const { port } = listener.address() as { port: number }
    t.regex((await at(`tcp://127.0.0.1:${port}`)).find('syslog').says, /a server listens/)
    t.regex((await at('udp://127.0.0.1:1')).find('syslog').says, /over UDP, sera cannot check/)
    t.deepEqual(lines, [], 'no line was sent')
  })
}

test('no password appears in the report (property)', async t => {
  const odd = fc.string({ unit: 'grapheme', maxLength: 12 }).filter(text => !text.includes('\0'))
  await fc.assert(
    fc.asyncProperty(odd, async text => {
      const password = `Zq9${text}Zq9`
      const config = file(
        t,
        { server: `sera:${password}@tcp(127.0.0.1:${shared.port})/sera`, syslog: '/no/such' },
        0o644,
      )
      for (const args of [[], ['--json'], ['--quiet']]) {
        const { stdout, stderr } = await sera(node, ['doctor', '--config', config, ...args])
        t.notRegex(stdout + stderr, /Zq9/)
      }
    }),
    { numRuns: 6 },
  )
})

test('colours appear on a terminal only, and not with NO_COLOR', async t => {
  const line = `${node.program} doctor`
  const env = { ...environmentAt(folder(t)), SERA_SERVER: shared.dsn() }
  const terminal = new TestTerminal(line, env)
  await terminal.closed
  t.true(terminal.output.includes('\x1b[32m✓\x1b[0m guard'))
  const plain = new TestTerminal(line, { ...env, NO_COLOR: '1' })
  await plain.closed
  t.false(plain.output.includes('\x1b'))
  t.regex(plain.output, /✓ guard/)
})

const isRoot = process.getuid?.() === 0

/** Runs in a mount namespace in which a part of this host is missing. */
async function without(mount: string) {
  const script = `${mount} && exec "$@"`
  const args = ['-m', 'sh', '-c', script, 'sh', process.execPath, 'dist/main.js', 'doctor', '--json']
  const { stdout, code } = await sera({ name: 'node', program: 'unshare' }, args, {
    env: { SERA_SERVER: shared.dsn() },
  })
  const { checks } = JSON.parse(stdout)
  return { code, guard: checks.find(({ name }: { name: string }) => name === 'guard') }
}

if (isRoot) {
  test('guard: bad without /proc, without sleep, and with a broken shell', async t => {
    const proc = await without('mount -t tmpfs none /proc')
    t.like(proc, { code: 1, guard: { verdict: 'bad' } })
    t.regex(proc.guard.says, /lacks \/proc\/uptime, \/proc\/self\/stat/)
    const programs = await without('for f in /usr/bin/sleep /bin/sleep; do mount --bind /dev/null "$f" || :; done')
    t.regex(programs.guard.says, /lacks sleep/)
    const shell = await without('mount --bind /bin/false "$(readlink -f /bin/sh)"')
    t.regex(shell.guard.says, /self-test failed: the guard did not end a process/)
  })
}

for (const kind of ['mariadb', 'mysql'] as const) {
  test.serial(`${kind}: read-only, few connections left, without TLS, stopped: each is found`, async t => {
    if (!(await serverBinary(kind))) return t.pass()
    const noTls = kind === 'mariadb' ? '--skip-ssl' : '--tls-version='
    const server = await startServer({ kind, args: [noTls] })
    t.teardown(() => server.stop())
    const root = await mysql.createConnection({ user: 'root', socketPath: server.socketPath })
    root.on('error', () => {})
    const doctor = (parameters = '') => visit(t, node, server.dsn() + parameters)

    t.is((await sera(node, ['sem', 'x', '0'], { env: { SERA_SERVER: server.dsn() } })).code, 0)
    t.deepEqual((await doctor()).unwell, [])
    t.deepEqual((await doctor('?tls=preferred')).unwell, ['warning: server/TLS'])
    const required = await doctor('?tls=true')
    t.regex(required.find('connection').says, /the server does not offer TLS/)
    t.regex(required.find('connection').remedy ?? '', /tls=false or tls=preferred/)

    await root.query('SET GLOBAL read_only = 1')
    const readOnly = await doctor()
    // it depends on the server whether it shows privileges then
    const wrong = readOnly.unwell.filter(one => one.startsWith('bad'))
    t.deepEqual(wrong, ['bad: server/writable', 'bad: engine/engine'])
    t.regex(readOnly.find('writable').says, /is read-only \(read_only\)/)
    t.regex(readOnly.find('engine').says, /GET_LOCK cannot lock safely here: it is read-only/)
    await root.query('SET GLOBAL read_only = 0')

    await root.query('SET GLOBAL max_connections = 10')
    const others = await Promise.all(
      Array.from({ length: 8 }, () => mysql.createConnection({ user: 'root', socketPath: server.socketPath })),
    )
    const crowded = await doctor()
    t.deepEqual(crowded.unwell, ['warning: server/max_connections'])
    t.is(crowded.find('max_connections').says, '10 of 10 connections of the server are in use')
    const one = await mysql.createConnection({ uri: `mysql://sera:secret@127.0.0.1:${server.port}/sera` })
    t.regex((await doctor()).find('connection').says, /too many connections/)
    for (const connection of [one, ...others]) connection.destroy()

    await root.query('SET GLOBAL max_connections = 100')
    await root.query("ALTER USER 'sera'@'%' WITH MAX_USER_CONNECTIONS 1")
    const limited = await doctor()
    t.deepEqual(limited.unwell, ['warning: server/max_user_connections'])
    t.is(limited.find('max_user_connections').says, '1 of 1 connections of this account are in use')

    await server.kill('SIGKILL')
    t.regex((await doctor()).find('connection').says, /connection refused/)
  })
}
