/** Each case of the original's main function, as a script or a crontab uses it. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import { sera } from '../support/cli.js'
import { RUNTIMES } from '../support/runtimes.js'
import { type SharedServer, sharedServers } from '../support/servers.js'
import { test } from '../support/turns.js'
import { until } from '../support/until.js'

const folder = await mkdtemp(join(tmpdir(), 'sera-drop-in-'))
writeFileSync(join(folder, 'plain'), 'echo no interpreter\n', { mode: 0o755 })
writeFileSync(join(folder, 'locked'), '#!/bin/sh\n', { mode: 0o644 })
writeFileSync(join(folder, 'lost'), '#!/no/such/interpreter\n', { mode: 0o755 })

function configFile(name: string, content: unknown): string {
  const file = join(folder, name)
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

/** The lock name of the original; MySQL no longer has MD5(). */
function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

/** Another client of the server that holds the lock of a command line. */
async function lockedElsewhere(
  server: SharedServer,
  name: string,
  body: (free: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const connection = await mysql.createConnection({
    host: '127.0.0.1',
    port: server.port,
    user: 'sera',
    password: 'secret',
  })
  try {
    const [rows] = await connection.query<mysql.RowDataPacket[]>('SELECT GET_LOCK(?, 10) AS granted', [md5(name)])
    if (rows[0]?.granted !== 1) throw new Error(`could not lock ${name}`)
    await body(async () => void (await connection.query('SELECT RELEASE_LOCK(?)', [md5(name)])))
  } finally {
    await connection.end()
  }
}

for (const runtime of RUNTIMES) {
  test(`${runtime.name}: a bad config file is 200, and the error names the problem`, async t => {
    const cases: [string, RegExp][] = [
      [join(folder, 'missing.json'), /missing\.json/],
      [folder, /directory/],
      [configFile('broken.json', '{\n  "server": "x",\n}'), /line 3/],
      [configFile('typed.json', { server: 5 }), /server/],
      [configFile('empty.json', {}), /no server/],
      [configFile('null.json', 'null'), /must contain a JSON object/],
      [configFile('dsn.json', { server: 'localhost' }), /server: invalid DSN/],
    ]
    for (const [file, message] of cases) {
      const { code, stdout, stderr } = await sera(runtime, ['--config', file, '5', 'echo', 'ran'])
      t.deepEqual({ code, stdout }, { code: 200, stdout: '' })
      t.regex(stderr, message)
      t.regex(stderr, /^sera: [^\n]+\n$/, 'one line')
    }
  })

  test(`${runtime.name}: missing arguments, an invalid wait and an empty command are 201`, async t => {
    for (const args of [[], ['5'], ['fail', 'ls'], ['5x', 'ls'], ['-5', 'ls'], ['--wait-and-skip'], ['5', '']]) {
      const { code, stdout, stderr } = await sera(runtime, args)
      t.deepEqual({ code, stdout }, { code: 201, stdout: '' }, args.join(' '))
      t.regex(stderr, /^sera: [^\n]+\n$/, 'one line')
    }
  })

  test(`${runtime.name}: an unreachable database is 202, with a wait of 0 at once`, async t => {
    const { code, stdout, stderr } = await sera(runtime, ['0', 'echo', 'ran'], {
      env: { SERA_SERVER: 'sera:secret@tcp(127.0.0.1:1)/?timeout=5s' },
    })
    t.deepEqual({ code, stdout }, { code: 202, stdout: '' })
    t.is(stderr, 'sera: cannot connect to 127.0.0.1:1 as sera: connection refused; is the server running there?\n')
  })

  for (const server of sharedServers()) {
    const env = { SERA_SERVER: server.dsn() }
    const id = `${runtime.name} on ${server.kind}`

    test(`${id}: a wrong password is 202, not retried and not shown`, async t => {
      const dsn = server.dsn().replace('secret', 'hunter2-wrong')
      const { code, stdout, stderr } = await sera(runtime, ['60', 'echo', 'ran'], { env: { SERA_SERVER: dsn } })
      t.deepEqual({ code, stdout }, { code: 202, stdout: '' })
      t.regex(stderr, /: access denied for user 'sera'@'\S+' \(using password: YES\); check user and password\n$/)
      t.notRegex(stderr, /hunter2/)
    })

    test(`${id}: output and exit code are those of the command`, async t => {
      const { code, stdout, stderr } = await sera(runtime, ['5', 'sh', '-c', 'cat; echo err >&2; exit 7'], {
        env,
        input: 'in',
      })
      t.deepEqual({ code, stdout, stderr }, { code: 7, stdout: 'in', stderr: 'err\n' })
    })

    test(`${id}: a command that signal n ended is 128+n`, async t => {
      t.is((await sera(runtime, ['5', 'sh', '-c', 'kill -TERM $$'], { env })).code, 143)
      t.is((await sera(runtime, ['5', 'sh', '-c', 'kill -KILL $$'], { env })).code, 137)
    })

    test(`${id}: a command that cannot be started is 203`, async t => {
      const cases: [string, RegExp][] = [
        ['no-such-program', /not found on PATH/],
        [join(folder, 'nothing'), /no such file/],
        [folder, /is a directory/],
        [join(folder, 'plain'), /#!\/bin\/sh/],
        [join(folder, 'locked'), /not executable/],
        [join(folder, 'lost'), /interpreter/],
      ]
      for (const [program, message] of cases) {
        const { code, stdout, stderr } = await sera(runtime, ['5', program], { env })
        t.deepEqual({ code, stdout }, { code: 203, stdout: '' }, program)
        t.regex(stderr, message)
      }
    })

    test(`${id}: a lock that the original holds is 204, without a message`, async t => {
      const command = ['echo', `${id} busy`]
      await lockedElsewhere(server, command.join(' '), async () => {
        t.deepEqual(await sera(runtime, ['0', ...command], { env }), {
          code: 204,
          signal: null,
          stdout: '',
          stderr: '',
        })
        t.is((await sera(runtime, ['1', ...command], { env })).code, 204)
        t.is((await sera(runtime, ['-E', '75', '0.3', ...command], { env })).code, 75)
      })
      t.is((await sera(runtime, ['0', ...command], { env })).code, 0)
    })

    test(`${id}: --wait-and-skip waits for the holder, then exits with 0 without running`, async t => {
      const command = ['echo', `${id} skip`]
      for (const [flags, code] of [
        [['--wait-and-skip'], 0],
        [['-wait-and-skip', '-detailed-exit-codes', '--'], 205],
      ] as const) {
        await lockedElsewhere(server, command.join(' '), async free => {
          const skipped = sera(runtime, [...flags, '30', ...command], { env })
          await waiterOn(server, command.join(' '))
          await free()
          t.deepEqual(await skipped, { code, signal: null, stdout: '', stderr: '' })
        })
      }
      t.is((await sera(runtime, ['--wait-and-skip', '30', ...command], { env })).stdout, `${id} skip\n`)
    })

    test(`${id}: waitAndSkip works in the config file as in the original, and a flag overrides it`, async t => {
      const command = ['echo', `${id} configured`]
      const file = configFile(`skip-${id}.json`, { server: server.dsn(), WaitAndSkip: true, DetailedExitCodes: true })
      await lockedElsewhere(server, command.join(' '), async free => {
        const skipped = sera(runtime, ['--config', file, '30', ...command])
        await waiterOn(server, command.join(' '))
        await free()
        t.is((await skipped).code, 205)
      })
      const overruled = await sera(runtime, ['--config', file, '--wait-and-skip=false', '30', ...command])
      t.is(overruled.stdout, `${id} configured\n`)
    })

    test(`${id}: --wait-and-skip that times out is 204`, async t => {
      const command = ['echo', `${id} in vain`]
      await lockedElsewhere(server, command.join(' '), async () => {
        t.is((await sera(runtime, ['--wait-and-skip', '0.5', ...command], { env })).code, 204)
      })
    })

    test(`${id}: verbose prints to stdout as in the original, "stderr" to stderr`, async t => {
      const command = ['echo', `${id} verbose`]
      await lockedElsewhere(server, command.join(' '), async () => {
        const config = (verbose: unknown) => configFile(`verbose-${id}.json`, { server: server.dsn(), verbose })
        const loud = await sera(runtime, ['--config', config(true), '0', ...command])
        t.regex(loud.stdout, /^sera: the lock is taken; nothing was run \(lock [0-9a-f]{32}, held by [^\n]+\)\n$/)
        t.is(loud.stderr, '')
        const clean = await sera(runtime, ['--config', config('stderr'), '0', ...command])
        t.is(clean.stdout, '')
        t.regex(clean.stderr, /the lock is taken/)
      })
    })
  }
}

/** Resolves when a client waits in GET_LOCK for the md5 of `name`. */
async function waiterOn(server: SharedServer, name: string): Promise<void> {
  const statement = 'SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE STATE = ? AND INFO LIKE ?'
  const values = ['User lock', `%${md5(name)}%RELEASE_LOCK%`]
  const connection = await mysql.createConnection({ socketPath: server.socketPath, user: 'root' })
  try {
    await until('a client waits', async () => {
      const [rows] = await connection.query<mysql.RowDataPacket[]>(statement, values)
      return Number(rows[0]?.n) > 0
    })
  } finally {
    await connection.end()
  }
}
