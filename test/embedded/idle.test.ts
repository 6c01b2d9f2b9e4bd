/** The embedded server stops when it is idle or on request, and never while a client is connected. */
import { existsSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { Home, KINDS, until, waitsForLock } from './home.js'

for (const kind of KINDS) {
  test(`${kind}: an idle server stops cleanly with its watcher, and the next sera starts it again`, async t => {
    const home = await Home.for(t, kind)
    home.env.SERA_EMBEDDED_IDLE = '10s'
    await home.run('ensure')
    await until('only one watcher, without a child', () => home.watcherPids().length === 1)
    await home.wantedLongAgo()
    await until('the server has ended', () => home.serverPids().length === 0)
    await until('the watcher has ended', () => home.watcherPids().length === 0)
    t.regex(home.log(), kind === 'mariadb' ? /Shutdown complete/ : /MySQL Server - end/)
    t.is((await home.run('status')).status?.state, 'stopped')
    t.is((await home.run('ensure')).socketPath, home.path('sera.sock'))
  })

  test(`${kind}: a server with a client that holds a lock does not stop`, async t => {
    const home = await Home.for(t, kind)
    home.env.SERA_EMBEDDED_IDLE = '10s'
    await home.run('ensure')
    const client = await home.client()
    await client.query("select get_lock('a', 0)")
    const [pid] = home.serverPids()
    for (let look = 1; look <= 3; look++) {
      await home.wantedLongAgo()
      // the watcher records the client
      await until('the watcher has checked', () => statSync(home.path('used')).mtimeMs > Date.now() - 1_800_000)
    }
    t.deepEqual(home.serverPids(), [pid])
    t.deepEqual((await client.query("select is_used_lock('a') = connection_id() as mine"))[0], [{ mine: 1 }] as never)
    client.destroy()
    await until('the server has noticed the disconnect', async () => (await home.run('status')).status?.clients === 0)
    await home.wantedLongAgo()
    await until('the server has ended', () => home.serverPids().length === 0)
  })

  test(`${kind}: status shows server and clients, and stop refuses while there are clients`, async t => {
    const home = await Home.for(t, kind)
    t.is((await home.run('status')).status?.state, 'stopped')
    const { line } = await home.run('start')
    t.regex(line ?? '', /^the embedded server guards this host only: (MariaDB|MySQL) \d.*; 0 clients, stops after 10m/)
    const client = await home.client()
    const { status } = await home.run('status')
    t.deepEqual([status?.state, status?.pid, status?.clients], ['running', home.serverPids()[0], 1])
    t.is(status?.server?.kind, kind)

    const refused = await home.run('stop')
    t.is(refused.kind, 'conflict')
    await t.notThrowsAsync(client.query('select 1'))
    client.on('error', () => {})
    t.regex((await home.run('stop force')).line ?? '', /has stopped$/)
    t.deepEqual(home.serverPids(), [])
    t.is((await home.run('stop')).status?.state, 'stopped')
  })
}

test('a client that connects just before the stop keeps its lock', async t => {
  const home = await Home.for(t, 'mariadb')
  await home.pause('mv', 'before')
  await home.run('ensure')
  await home.wantedLongAgo()
  const [pid] = home.serverPids()
  await until('the watcher is about to rename the socket', () => existsSync(home.paused))
  await home.run('ensure')
  const client = await home.client()
  await client.query("select get_lock('a', 0)")
  await home.wantedLongAgo()
  await home.goOn()
  await until('the socket was renamed and renamed back', () => home.resumed() >= 2)
  t.true(existsSync(home.path('sera.sock')))
  t.deepEqual((await client.query("select is_used_lock('a') = connection_id() as mine"))[0], [{ mine: 1 }] as never)
  t.deepEqual(home.serverPids(), [pid])
  client.destroy()
})

test('a sera that probes the server just before the stop has time to connect', async t => {
  const home = await Home.for(t, 'mariadb')
  await home.pause('mv', 'before')
  await home.run('ensure')
  await home.wantedLongAgo()
  const [pid] = home.serverPids()
  await until('the watcher is about to rename the socket', () => existsSync(home.paused))
  await home.run('ensure')
  await home.goOn()
  await until('the socket was renamed and renamed back', () => home.resumed() >= 2)
  t.deepEqual(home.serverPids(), [pid])
  ;(await home.client()).destroy()
})

test('a sera that arrives during a stop waits for its end and starts the server', async t => {
  const home = await Home.for(t, 'mariadb')
  await home.pause('mv', 'after')
  await home.run('ensure')
  await home.wantedLongAgo()
  const [pid] = home.serverPids()
  await until('the watcher has renamed the socket', () => existsSync(home.paused))
  const late = home.run('ensure')
  await until('it queues', () => waitsForLock(home.path('start.lock')))
  await home.wantedLongAgo()
  await home.goOn()
  t.is((await late).socketPath, home.path('sera.sock'))
  t.notDeepEqual(home.serverPids(), [pid])
  t.is(home.serverPids().length, 1)
})

test('no client loses its connection when the server may stop (random timing)', async t => {
  const home = await Home.for(t, 'mariadb')
  home.env.SERA_EMBEDDED_IDLE = '1s'
  const pids = new Set<number>()
  const visit = async () => {
    // about when the watcher checks
    await sleep(2000 + Math.random() * 1500)
    const client = await home.connected()
    for (const pid of home.serverPids()) pids.add(pid)
    await client.query("select get_lock('a', 10)")
    await sleep(Math.random() * 200)
    await client.query("select release_lock('a')")
    await client.end()
  }
  // until the server has stopped twice
  while (pids.size < 3) await t.notThrowsAsync(Promise.all([visit(), visit()]))
})

test('a server that has not written its pid yet is starting', async t => {
  const home = await Home.for(t, 'mariadb')
  await home.run('ensure')
  await rm(home.path('server.pid'))
  t.regex((await home.run('status')).line ?? '', /^the embedded server is starting, stopping or hung/)
})

test('a second watcher ends, and start replaces a killed watcher', async t => {
  const home = await Home.for(t, 'mariadb')
  await home.run('start')
  const [watcher] = home.watcherPids()
  await home.run('start')
  await until('the second watcher has ended', () => home.watcherPids().length === 1)
  t.deepEqual(home.watcherPids(), [watcher])
  process.kill(watcher!, 'SIGKILL')
  await home.run('start')
  await until('there is another watcher', () => home.watcherPids().length === 1 && home.watcherPids()[0] !== watcher)
  t.pass()
})

test('an invalid idle time is refused in one line', async t => {
  const home = await Home.for(t, 'mariadb')
  home.env.SERA_EMBEDDED_IDLE = 'soon'
  t.deepEqual(await home.run('ensure'), {
    kind: 'config',
    message: 'SERA_EMBEDDED_IDLE: soon is not a duration like 10m',
  })
})
