/** Connecting: always one full attempt; transient failures are retried, permanent ones are not. */
import { lookup } from 'node:dns/promises'
import { createServer, type Server as NetServer } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { systemClock, systemRandom } from '../../../src/clock.js'
import { parseDsn } from '../../../src/config/dsn.js'
import { SeraError } from '../../../src/errors.js'
import { backoff } from '../../../src/network-errors.js'
import { attributesOf, connect, type ServerTarget } from '../../../src/store/mysql/connect.js'
import type { Connection } from '../../../src/store/mysql/connection.js'
import { explain, isTransient } from '../../../src/store/mysql/retry.js'
import { sharedServers, startServer } from '../../support/servers.js'

function to(dsn: string, connectWaitMs = 0): ServerTarget {
  return { dsn: parseDsn(dsn), connectWaitMs, attributes: {}, clock: systemClock, random: systemRandom }
}

const always = () => ({ until: Number.POSITIVE_INFINITY, signal: new AbortController().signal })
const forever = always()

/** A peer on a free port with a handler for its connections. */
async function peer(
  t: ExecutionContext,
  listener: Parameters<typeof createServer>[1],
): Promise<{ port: number; server: NetServer }> {
  const server = createServer(listener ?? (() => {}))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return { port: (server.address() as { port: number }).port, server }
}

for (const server of sharedServers()) {
  const query = async (dsn: string, sql: string) => {
    const connection: Connection = await connect(to(dsn), always())
    try {
      return Object.values((await connection.query(sql))[0] ?? {})
    } finally {
      connection.close()
    }
  }
  const cipher = (dsn: string) => query(dsn, "SHOW SESSION STATUS LIKE 'Ssl_cipher'").then(([, value]) => value)

  test(`${server.kind}: TCP and the unix socket reach the same server`, async t => {
    t.deepEqual(await query(server.dsn(), 'SELECT 1 AS one'), [1])
    t.deepEqual(await query(server.socketDsn(), 'SELECT 1 AS one'), [1])
  })

  test(`${server.kind}: TLS and certificate checks follow the DSN`, async t => {
    const dsn = server.dsn('sera').replace(/\?.*/, '')
    t.is(await cipher(`${dsn}?tls=false`), '')
    t.truthy(await cipher(`${dsn}?tls=skip-verify`))
    t.truthy(await cipher(`${dsn}?tls=preferred`))
    await t.throwsAsync(cipher(`${dsn}?tls=true`), { instanceOf: SeraError, message: /TLS handshake failed/ })
    if (server.ca) t.truthy(await cipher(`${dsn}?tls=true&tls-ca=${encodeURIComponent(server.ca)}`))
    await t.throwsAsync(cipher(`${dsn}?tls=true&tls-ca=%2Fno%2Fsuch.pem`), { message: /cannot read \/no\/such\.pem/ })
  })

  test(`${server.kind}: the first known character set of a list is used`, async t => {
    const used = async (parameters: string) => {
      const dsn = `${server.dsn('sera').replace(/\?.*/, '')}?${parameters}`
      return (await query(dsn, 'SELECT @@character_set_client, @@collation_connection')).map(String)
    }
    t.regex((await used('charset=utf8mb3')).join(), /^utf8(mb3)?,utf8/)
    t.regex((await used('charset=nosuch,utf8')).join(), /^utf8(mb3)?,utf8/)
    t.is((await used('charset=latin1,utf8mb4'))[0], 'latin1')
    t.regex((await used('collation=utf8mb3_bin')).join(), /^utf8(mb3)?,utf8(mb3)?_bin$/)
    t.is((await used('collation=utf8mb4_bin'))[1], 'utf8mb4_bin')
    for (const what of ['charset', 'collation']) {
      const message = new RegExp(`^the ${what} in the DSN is unknown; leave it out, or use utf8mb4$`)
      await t.throwsAsync(used(`${what}=nosuch`), { instanceOf: SeraError, message })
    }
  })

  test(`${server.kind}: an unknown database is reported and not retried`, async t => {
    const startedAt = performance.now()
    const connecting = connect(to(server.dsn('no_such_database'), 60_000), forever)
    await t.throwsAsync(connecting, { instanceOf: SeraError, message: /database/ })
    t.true(performance.now() - startedAt < 30_000)
  })

  test(`${server.kind}: connection attributes show other sessions which command connects`, async t => {
    const attributes = attributesOf(4312, ['migrate.sh', '--all', 'é'.repeat(300)])
    t.like(attributes, { program_name: 'sera', pid: '4312' })
    t.true(Buffer.byteLength(Object.entries(attributes).flat().join('')) < 400, 'the server keeps 512 bytes')
    t.regex(attributes.command ?? '', /^migrate\.sh --all é+$/)
  })
}

test('a server without TLS accepts tls=preferred and fails tls=true', async t => {
  const server = await startServer({ kind: 'mariadb', args: ['--skip-ssl'] })
  t.teardown(() => server.stop())
  const dsn = server.dsn().replace(/\?.*/, '')
  const connection = await connect(to(`${dsn}?tls=preferred`), forever)
  connection.close()
  await t.throwsAsync(connect(to(`${dsn}?tls=true`), forever), { message: /does not offer TLS/ })
})

test('a server that never greets costs the DSN’s timeout, also without a wait', async t => {
  const { port } = await peer(t, () => {})
  const startedAt = performance.now()
  const now = { until: systemClock.now(), signal: new AbortController().signal }
  await t.throwsAsync(connect(to(`sera@tcp(127.0.0.1:${port})/?timeout=300ms`), now), { message: /no answer in time/ })
  t.true(performance.now() - startedAt >= 290, 'a full attempt')
})

test('tcp4 and tcp6 connect only to an address of that family', async t => {
  const found = await lookup('localhost', { all: true })
  for (const family of [4, 6] as const) {
    const address = family === 4 ? '127.0.0.1' : '::1'
    const families: (string | undefined)[] = []
    const server = createServer(socket => {
      families.push(socket.remoteFamily)
      socket.destroy()
    }).listen(0, address)
    const isThere = await new Promise(resolve =>
      server.on('listening', () => resolve(true)).on('error', () => resolve(false)),
    )
    t.teardown(() => server.close())
    const { port } = isThere ? (server.address() as { port: number }) : { port: 1 }
    const tried = (net: string) => t.throwsAsync(connect(to(`sera@${net}(localhost:${port})/?timeout=5s`), always()))
    await tried(family === 4 ? 'tcp6' : 'tcp4')
    t.deepEqual(families, [], 'not by the other family')
    await tried(`tcp${family}`)
    const reachable = isThere && found.some(one => one.family === family)
    t.deepEqual(families, reachable ? [`IPv${family}`] : [])
  }
})

test('a server that starts before the deadline is reached', async t => {
  let attempts = 0
  const { port, server } = await peer(t, socket => {
    attempts++
    socket.destroy()
  })
  await new Promise(resolve => server.close(resolve))
  const connecting = connect(to(`sera@tcp(127.0.0.1:${port})/?timeout=1s`, 60_000), forever)
  const failed = t.throwsAsync(
    Promise.race([connecting, new Promise((_, reject) => server.once('connection', () => reject(new Error('came'))))]),
    { message: 'came' },
  )
  server.listen(port, '127.0.0.1')
  await failed
  t.true(attempts >= 1)
  connecting.catch(() => {})
})

test('retries end with the wait or with connectWait, the earlier one', async t => {
  const refused = 'sera@tcp(127.0.0.1:1)/'
  const soon = { until: systemClock.now() + 200, signal: forever.signal }
  await t.throwsAsync(connect(to(refused, 60_000), soon), { message: /connection refused/ })
  await t.throwsAsync(connect(to(refused, 200), forever), { message: /connection refused/ })
})

test('an abort signal ends connecting at once', async t => {
  const { port } = await peer(t, () => {})
  const given = new AbortController()
  const connecting = connect(to(`sera@tcp(127.0.0.1:${port})/?timeout=30s`, 60_000), {
    until: Number.POSITIVE_INFINITY,
    signal: given.signal,
  })
  given.abort(new Error('enough'))
  await t.throwsAsync(connecting, { message: 'enough' })
})

const drawing = (number: number) => ({ ...systemRandom, number: () => number })

test('the pause grows to a second, with jitter down to zero', t => {
  t.is(backoff(1, drawing(1)), 50)
  t.is(backoff(3, drawing(1)), 200)
  t.is(backoff(50, drawing(1)), 1000)
  t.is(backoff(50, drawing(0)), 0)
})

test('an unknown error is reported in the server’s words, in one line', t => {
  t.is(explain(new Error('odd\n thing')), 'odd thing')
  t.false(isTransient(new Error('odd')))
})
