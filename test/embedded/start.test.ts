/** Starting the embedded server: on demand, once, and after any process was killed. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { chown, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import test from 'ava'
import { findServer } from '../../src/embedded/binary.js'
import { SeraError } from '../../src/errors.js'
import { isAlive } from '../support/processes.js'
import { ended, Home, KINDS, readProc, until, waitsForLock } from './home.js'

const LOG_CALLS = 'echo "$@" >>"$ROOT/calls"'
/** The first initialiser creates half of the data and hangs. */
const HANG_HALFWAY = `case "$*" in *--bootstrap*|*--initialize*)
  if mkdir "$ROOT/hung" 2>/dev/null; then
    head -c 20000 | "$REAL" "$@" >/dev/null 2>&1
    echo $$ >"$ROOT/hung/pid"
    exec sleep 600
  fi
esac`

for (const kind of KINDS) {
  test(`${kind}: ten concurrent starts give one server, which all of them reach`, async t => {
    const home = await Home.for(t, kind)
    await home.wrap(LOG_CALLS)
    const results = await Promise.all(Array.from({ length: 10 }, () => home.run('ensure')))
    t.deepEqual(new Set(results.map(result => result.socketPath)), new Set([home.path('sera.sock')]))
    t.is(home.calls(/--bootstrap|--initialize/).length, 1)
    t.is(home.calls(/--skip-networking/).length, 1)
    t.is(home.serverPids().length, 1)
    const client = await home.client()
    t.deepEqual((await client.query("select get_lock('a', 0) as got"))[0], [{ got: 1 }] as never)
    await client.query('create table sera.t (a int) engine=innodb')
    client.destroy()
  })

  test(`${kind}: a killed server is started again with its data`, async t => {
    const home = await Home.for(t, kind)
    await home.run('ensure')
    const client = await home.client()
    client.on('error', () => {})
    await client.query('create table sera.kept (a int) engine=innodb')
    const [pid] = home.serverPids()
    process.kill(pid!, 'SIGKILL')
    // a dying process loses its command line first, and accepts connections until its files are closed
    await until('the server has ended', () => !isAlive(pid!))
    t.true(existsSync(home.path('sera.sock')))
    t.is((await home.run('ensure')).socketPath, home.path('sera.sock'))
    const again = await home.client()
    await t.notThrowsAsync(again.query('select * from sera.kept'))
    again.destroy()
  })

  test(`${kind}: a killed initialiser leaves no incomplete data`, async t => {
    const home = await Home.for(t, kind)
    await home.wrap(HANG_HALFWAY)
    const starting = home.run('ensure')
    await until('the initialiser hangs', () => existsSync(join(home.root, 'hung/pid')))
    t.true(readdirSync(home.folder).some(name => name.startsWith('unfinished.')))
    process.kill(Number(readPid(home)), 'SIGKILL')
    const { kind: failure, message } = await starting
    t.is(failure, 'lock-failed')
    t.regex(message ?? '', /could not create its data/)
    t.is((await home.run('ensure')).socketPath, home.path('sera.sock'))
    t.false(readdirSync(home.folder).some(name => name.startsWith('unfinished.')))
  })

  test(`${kind}: the server inherits only the lock descriptor from sera`, async t => {
    const home = await Home.for(t, kind)
    const stdio = ['ignore', 'pipe', 'pipe', 'pipe', 'ignore', 'ignore', 'ignore', 'pipe'] as const
    const sera = home.spawn('ensure', { stdio: [...stdio], cwd: '/usr', env: { ...home.env, SECRET: 'x' } })
    await ended(sera)
    // the reader of sera's pipe sees its end, although server and watcher live
    await Promise.all([1, 2, 3, 7].map(fd => text((sera.stdio as Readable[])[fd]!)))
    const [pid] = home.serverPids()
    const [watcher] = home.watcherPids()
    const fds = ['0', '1', '2', '3'].map(fd => readlinkSync(`/proc/${pid}/fd/${fd}`))
    t.deepEqual(fds, ['/dev/null', home.path('server.log'), home.path('server.log'), home.path('server.lock')])
    t.deepEqual(
      ['0', '1', '2'].map(fd => readlinkSync(`/proc/${watcher}/fd/${fd}`)),
      Array(3).fill('/dev/null'),
    )
    for (const process of [pid!, watcher!]) {
      t.is(sessionOf(process), process)
      t.notRegex(readProc(process, 'environ'), /SECRET|SERA_/)
      t.not(readlinkSync(`/proc/${process}/cwd`), '/usr')
    }
    t.is(statSync(home.folder).mode & 0o777, 0o700)
  })

  test(`${kind}: a server that does not start is reported in one line with its error and log`, async t => {
    const home = await Home.for(t, kind)
    await home.run('ensure')
    t.is((await home.run('stop')).status?.state, 'stopped')
    await home.corrupt()
    const { kind: failure, message } = await home.run('ensure')
    t.is(failure, 'lock-failed')
    t.regex(message ?? '', /did not start: .*ERROR.* \(log: .*server\.log\)$/)
  })
}

test('after a killed start, the next one waits only for the initialiser', async t => {
  const home = await Home.for(t, 'mariadb')
  await home.wrap(`${LOG_CALLS}\n${HANG_HALFWAY}`)
  const killed = home.spawn('ensure')
  await until('the initialiser hangs', () => existsSync(join(home.root, 'hung/pid')))
  killed.kill('SIGKILL')
  await ended(killed)
  const next = home.run('ensure')
  await until('the next one queues for the lock', () => waitsForLock(home.path('start.lock')))
  t.is(home.calls(/--bootstrap|--initialize/).length, 1)
  process.kill(Number(readPid(home)), 'SIGKILL')
  t.is((await next).socketPath, home.path('sera.sock'))
  t.is(home.calls(/--bootstrap|--initialize/).length, 2)
  t.false(readdirSync(home.folder).some(name => name.startsWith('unfinished.')))
})

test('an open state folder is closed to other users', async t => {
  const home = await Home.for(t, 'mariadb')
  await mkdir(home.folder, { recursive: true, mode: 0o755 })
  await home.run('ensure')
  t.is(statSync(home.folder).mode & 0o777, 0o700)
})

test('a socket that a killed watcher renamed is renamed back, and the server goes on', async t => {
  const home = await Home.for(t, 'mariadb')
  await home.run('ensure')
  const before = home.serverPids()
  await rename(home.path('sera.sock'), home.path('closing.sock'))
  t.is((await home.run('ensure')).socketPath, home.path('sera.sock'))
  t.deepEqual(home.serverPids(), before)
})

test('without a server program one line says how to install one', async t => {
  await t.throwsAsync(findServer({ PATH: '/nowhere' }, undefined, []), {
    instanceOf: SeraError,
    message:
      /^no MariaDB or MySQL server program found: install one \(Debian, Ubuntu: apt-get install mariadb-server-core\)/,
  })
})

test('a SERA_MYSQLD that is no server is refused in one line', async t => {
  const home = await Home.for(t, 'mariadb')
  const { kind, message } = await home.run('ensure', { env: { ...home.env, SERA_MYSQLD: '/bin/true' } })
  t.is(kind, 'config')
  t.is(message, '/bin/true is not a MariaDB or MySQL server')
})

test('data of another kind of server is refused, and the line names the kind', async t => {
  const home = await Home.for(t, 'mariadb')
  await mkdir(home.path('data-mysql'), { recursive: true })
  const { kind, message } = await home.run('ensure')
  t.is(kind, 'config')
  t.regex(message ?? '', /data-mysql needs MySQL, and .*mariadbd \(SERA_MYSQLD\) is not MySQL$/)
})

test('a socket path that is too long is refused in one line', async t => {
  const home = await Home.for(t, 'mariadb')
  const { kind, message } = await home.run('ensure', {
    env: { ...home.env, XDG_STATE_HOME: `${home.root}/${'x'.repeat(90)}` },
  })
  t.is(kind, 'config')
  t.regex(message ?? '', /bytes are more than the 107 .*; set XDG_STATE_HOME to a shorter folder$/)
})

test('a state folder that is a file is refused in one line', async t => {
  const home = await Home.for(t, 'mariadb')
  await writeFile(join(home.root, 'file'), '')
  const { kind, message } = await home.run('ensure', { env: { ...home.env, XDG_STATE_HOME: join(home.root, 'file') } })
  t.is(kind, 'config')
  t.regex(message ?? '', /^embedded server: cannot use .*ENOTDIR/)
})

const asRoot = process.getuid?.() === 0 ? test : test.skip
asRoot('the state folder of another user is refused', async t => {
  const home = await Home.for(t, 'mariadb')
  await mkdir(home.folder, { recursive: true })
  await chown(home.folder, 65534, 65534)
  const { kind, message } = await home.run('ensure')
  t.is(kind, 'config')
  t.regex(message ?? '', /belongs to user 65534/)
})

for (const kind of KINDS) {
  asRoot(`${kind}: an ordinary user gets a server of its own`, async t => {
    const user = { uid: 65534, gid: 65534 }
    const home = await Home.for(t, kind)
    const checkout = spawnSync('test', ['-r', import.meta.filename, '-a', '-x', home.env.SERA_MYSQLD ?? ''], user)
    if (checkout.status !== 0) return t.pass('this checkout, or the server program, is closed to others')
    await chown(home.root, user.uid, user.gid)
    const { socketPath, message } = await home.run('ensure', user)
    t.is(message, undefined)
    t.is(socketPath, home.path('sera.sock'))
    t.is(statSync(`/proc/${home.serverPids()[0]}`).uid, user.uid)
    t.is((await home.run('stop', user)).status?.state, 'stopped')
  })
}

function readPid(home: Home): string {
  return readFileSync(join(home.root, 'hung/pid'), 'utf8')
}

function sessionOf(pid: number): number {
  const afterName = readProc(pid, 'stat').split(') ').at(-1) ?? ''
  return Number(afterName.split(' ')[3])
}
