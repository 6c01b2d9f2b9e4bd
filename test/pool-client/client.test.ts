import { createServer } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { systemClock, systemRandom } from '../../src/clock.js'
import type { Deadline } from '../../src/deadline.js'
import { SeraError } from '../../src/errors.js'
import { type AcquirePoolOptions, acquirePool } from '../../src/pool-client/acquire.js'
import { PoolClient } from '../../src/pool-client/client.js'
import { NoAnswer } from '../../src/pool-client/http-request.js'
import { serverUrl } from '../../src/pool-client/server-url.js'
import { type AskedOfPool, onePool, type PoolServer, poolServer, type ScriptedAnswer } from '../support/pool-server.js'
import { until } from '../support/until.js'

const clientOf = (url: string, host = 'web-1', bearer?: string, clock = systemClock) =>
  new PoolClient(new URL(url), 'night & day', host, 'run-1', bearer, clock)

async function asks(
  t: ExecutionContext,
  tell: (asked: AskedOfPool) => ScriptedAnswer,
): Promise<{ server: PoolServer; client: PoolClient }> {
  const server = await poolServer(t, tell)
  return { server, client: clientOf(server.url) }
}

/** Patience in ms; none unless told. */
function taking({
  wait = 0,
  connectWaitMs = 0,
  signal = undefined as AbortSignal | undefined,
} = {}): [Deadline, AcquirePoolOptions] {
  const deadline = { until: systemClock.now() + wait, signal }
  return [deadline, { random: systemRandom, connectWaitMs }]
}

async function failure(work: Promise<unknown>): Promise<SeraError> {
  const error = await work.then(
    () => undefined,
    error => error,
  )
  if (error instanceof SeraError && error.kind === 'lock-failed') return error
  throw new Error(`no such failure: ${error}`)
}

const URLS: [host: string, port: string | undefined, url: string][] = [
  ['gw', undefined, 'http://gw:9989/'],
  ['gw', '9889', 'http://gw:9889/'],
  ['gw:9889', undefined, 'http://gw:9889/'],
  ['10.0.0.7', '80', 'http://10.0.0.7/'],
  ['::1', undefined, 'http://[::1]:9989/'],
  ['[::1]:5000', undefined, 'http://[::1]:5000/'],
  ['https://gw', undefined, 'https://gw/'],
  ['https://gw', '9989', 'https://gw:9989/'],
  ['https://gw:9989/', undefined, 'https://gw:9989/'],
  ['http://proxy/locks', undefined, 'http://proxy/locks'],
]
for (const [host, port, url] of URLS) {
  test(`${host} ${port ?? ''} is ${url}`, t => t.is(serverUrl(host, port).href, url))
}

for (const [host, port] of [
  ['gw?x', undefined],
  ['gw/locks', undefined],
  ['ftp://gw', undefined],
  ['a b', undefined],
  ['http://', undefined],
  ['https://me:secret@gw', undefined],
  ['gw:1', '2'],
  ['gw', '0'],
  ['gw', '65536'],
  ['gw', 'http'],
] as const) {
  test(`${host} ${port ?? ''} is no server`, t => {
    const error = t.throws(() => serverUrl(host, port), { instanceOf: SeraError })
    t.is(error.kind, 'usage')
    t.notRegex(error.message, /secret/)
  })
}

test('what is asked is in the query, encoded, behind the path of the server, with the token in a header', async t => {
  const server = await poolServer(t, () => 'OK')
  await clientOf(`${server.url}/locks/`, 'web=1', 'hunter2').ask('renew', undefined, '17')
  const [asked] = server.asked
  t.deepEqual(asked, {
    verb: 'locks/renew',
    host: 'web=1',
    pool: 'night & day',
    id: 'run-1',
    token: '17',
    authorization: 'Bearer hunter2',
  })
})

test('a Distributex says its word and nothing else; a gateway says until when and by which token', async t => {
  const answers: ScriptedAnswer[] = [
    'YES',
    'NO\n',
    { text: 'YES', headers: { 'Sera-Expires-In': '2.5', 'Sera-Token': '7' } },
    { text: 'YES', headers: { 'Sera-Expires-In': 'never', 'Sera-Token': '8' } },
    { text: 'OK', headers: { 'Sera-Released': 'yes' } },
    { text: 'OK', headers: { 'Sera-Released': 'no' } },
  ]
  const nothingElse = { expiresInMs: undefined, token: undefined, wasHeld: undefined }
  const { client } = await asks(t, () => answers.shift() ?? 'OK')
  t.deepEqual(await client.ask('get'), { ...nothingElse, word: 'YES' })
  t.deepEqual(await client.ask('get'), { ...nothingElse, word: 'NO' })
  t.deepEqual(await client.ask('get'), { ...nothingElse, word: 'YES', expiresInMs: 2500, token: '7' })
  const forEver = { expiresInMs: Number.POSITIVE_INFINITY, token: '8' }
  t.deepEqual(await client.ask('get'), { ...nothingElse, word: 'YES', ...forEver })
  t.deepEqual(await client.ask('release'), { ...nothingElse, word: 'OK', wasHeld: true })
  t.deepEqual(await client.ask('release'), { ...nothingElse, word: 'OK', wasHeld: false })
})

const USELESS: [what: string, told: ScriptedAnswer, message: RegExp, transient: boolean][] = [
  ['another page', { text: '<html>\n<b>hello</b>' }, /none of a server of pools: "<html> <b>hello<\/b>"$/, false],
  ['a long page', { text: 'x'.repeat(100_000) }, /too long/, false],
  ['nothing', '', /none of a server of pools: ""$/, false],
  ['not found', { status: 404, text: 'no\tsuch\npage' }, /it answered 404: no such page$/, false],
  [
    'no token',
    { status: 401, text: '{"detail":"the token is wrong"}' },
    /401: the token is wrong \(--token-file\)$/,
    false,
  ],
  ['elsewhere', { status: 302, text: '', headers: { Location: '/x' } }, /it answered 302$/, false],
  [
    'a gateway that ends',
    { status: 503, text: 'NO' },
    /it answered 503: it can’t ask its database, or is ending$/,
    true,
  ],
  ['no time', { text: 'YES', headers: { 'Sera-Expires-In': 'soon' } }, /expires in "soon" seconds$/, false],
  ['a cut connection', 'reset', /the connection was reset$/, true],
]
for (const [what, told, message, transient] of USELESS) {
  test(`${what} is no answer`, async t => {
    const { client } = await asks(t, () => told)
    const error = await t.throwsAsync(client.ask('get'), { instanceOf: NoAnswer, message })
    t.is(error.transient, transient)
  })
}

test('an answer that never comes is given up', async t => {
  const { client } = await asks(t, () => 'hang')
  const error = await t.throwsAsync(client.ask('get', { until: systemClock.now() + 50 }), { instanceOf: NoAnswer })
  t.deepEqual([error.message, error.transient], ['no answer in time', true])
})

test('what speaks something else is told so, and nobody listening, too', async t => {
  const database = createServer(socket => socket.on('error', () => {}).end('J\0\0\0\n8.0.36\0'))
  await new Promise<void>(resolve => database.listen(0, '127.0.0.1', resolve))
  t.teardown(() => database.close())
  const { port } = database.address() as { port: number }
  const other = await t.throwsAsync(clientOf(`http://127.0.0.1:${port}`).ask('get'), { instanceOf: NoAnswer })
  t.deepEqual([other.message, other.transient], ['what listens there does not speak HTTP', false])
  const mute = createServer(socket => socket.on('error', () => {}).on('data', () => socket.end()))
  await new Promise<void>(resolve => mute.listen(0, '127.0.0.1', resolve))
  t.teardown(() => mute.close())
  const { port: at } = mute.address() as { port: number }
  await t.throwsAsync(clientOf(`http://127.0.0.1:${at}`).ask('get'), { message: /without an answer: is it https:/ })
  const nobody = await t.throwsAsync(clientOf('http://127.0.0.1:1').ask('get'), { instanceOf: NoAnswer })
  t.deepEqual([nobody.message.slice(0, 18), nobody.transient], ['connection refused', true])
})

test('an abort ends a request with its reason, and the connection', async t => {
  const { server, client } = await asks(t, () => 'hang')
  const given = new AbortController()
  const asked = client.ask('wait', { until: Number.POSITIVE_INFINITY, signal: given.signal })
  await until('it is asked', () => server.waiting.size === 1)
  const reason = new Error('TERM')
  given.abort(reason)
  t.is(await asked.catch(error => error), reason)
  await until('it has hung up', () => server.waiting.size === 0)
  t.is(await client.ask('get', { until: Number.POSITIVE_INFINITY, signal: given.signal }).catch(error => error), reason)
})

test('a pool that is free is taken by one get; of a Distributex nobody knows when it expires', async t => {
  const { server, client } = await asks(t, onePool() as (asked: AskedOfPool) => ScriptedAnswer)
  const grant = await acquirePool(client, ...taking())
  t.like(grant, { expiresInMs: Number.POSITIVE_INFINITY, token: undefined })
  t.deepEqual(
    server.asked.map(({ verb }) => verb),
    ['get'],
  )
})

test('the YES of a gateway is confirmed by a renewal, and counts from when that was asked', async t => {
  const { server, client } = await asks(t, onePool('60') as (asked: AskedOfPool) => ScriptedAnswer)
  const before = systemClock.boot()
  const grant = await acquirePool(client, ...taking())
  t.like(grant, { expiresInMs: 60_000, token: '101' })
  t.true((grant?.provenAt ?? 0) >= before && (grant?.provenAt ?? 0) <= systemClock.boot())
  t.deepEqual(
    server.asked.map(({ verb, token }) => [verb, token]),
    [
      ['get', null],
      ['renew', '101'],
    ],
  )
})

test('a YES that is over when it is confirmed is none', async t => {
  const headers = { 'Sera-Expires-In': '0.001', 'Sera-Token': '9' }
  const { server, client } = await asks(t, ({ verb }) => (verb === 'get' ? { text: 'YES', headers } : 'NO'))
  t.is(await acquirePool(client, ...taking()), undefined)
  t.is(server.count('release'), 1, 'to be sure')
})

test('NO is all there is to say without a wait', async t => {
  const { server, client } = await asks(t, () => 'NO')
  t.is(await acquirePool(client, ...taking({ connectWaitMs: 30_000 })), undefined)
  t.deepEqual(
    server.asked.map(({ verb }) => verb),
    ['get'],
  )
})

test('with a wait it is waited for', async t => {
  const server = await poolServer(t, onePool('60'))
  const [mine, theirs] = [clientOf(server.url, 'a'), clientOf(server.url, 'b')]
  await acquirePool(theirs, ...taking())
  const waiting = acquirePool(mine, ...taking({ wait: Number.POSITIVE_INFINITY }))
  await until('it waits', () => server.count('wait') === 1)
  await theirs.ask('release')
  t.like(await waiting, { token: '102' })
})

/** Longer than a busy machine takes to ask. */
const LATE_MS = 3000

test('a wait that is over asks once more, and gives back what may have been granted to it', async t => {
  const { server } = await asks(t, ({ verb }) => (verb === 'wait' ? 'hang' : verb === 'get' ? 'NO' : 'OK'))
  const clock = { ...systemClock, now: () => (server.count('wait') > 0 ? LATE_MS : 0) }
  const client = clientOf(server.url, 'web-1', undefined, clock)
  t.is(await acquirePool(client, { until: LATE_MS }, taking()[1]), undefined)
  t.deepEqual(
    server.asked.map(({ verb }) => verb),
    ['get', 'wait', 'get', 'release'],
  )
})

test('an aborted wait gives back what may have been granted to it', async t => {
  const { server, client } = await asks(t, ({ verb }) => (verb === 'wait' ? 'hang' : verb === 'get' ? 'NO' : 'OK'))
  const given = new AbortController()
  const waiting = acquirePool(client, ...taking({ wait: Number.POSITIVE_INFINITY, signal: given.signal }))
  await until('it waits', () => server.waiting.size === 1)
  const reason = new Error('TERM')
  given.abort(reason)
  t.is(await waiting.catch(error => error), reason)
  t.is(server.count('release'), 1)
})

test('INVALID names the pool, the host and the server', async t => {
  const { server, client } = await asks(t, () => 'INVALID')
  const { message } = await failure(acquirePool(client, ...taking({ wait: 60_000, connectWaitMs: 60_000 })))
  t.regex(message, new RegExp(`^${server.url} has no pool night & day, or web-1 is not among its servers .*INVALID`))
  t.is(server.asked.length, 1)
})

test('a failure that may pass is put up with for a while, others are not', async t => {
  const answers: ScriptedAnswer[] = [
    'reset',
    { status: 503, text: '' },
    'NO',
    'reset',
    { status: 503, text: '' },
    'YES',
  ]
  const { server, client } = await asks(t, ({ verb }) => (verb === 'release' ? 'OK' : (answers.shift() ?? 'NO')))
  t.truthy(await acquirePool(client, ...taking({ wait: 60_000, connectWaitMs: 60_000 })))
  t.deepEqual(
    server.asked.map(({ verb }) => verb),
    ['get', 'get', 'get', 'wait', 'wait', 'wait'],
  )
  const refused = await asks(t, () => ({ status: 401, text: '' }))
  await failure(acquirePool(refused.client, ...taking({ wait: 60_000, connectWaitMs: 60_000 })))
  t.deepEqual(
    refused.server.asked.map(({ verb }) => verb),
    ['get'],
    'there is nothing to give back',
  )
})

test('a server that can’t be reached is a failure that names it, without a wait at once', async t => {
  const nobody = clientOf('http://127.0.0.1:1')
  const { message } = await failure(acquirePool(nobody, ...taking({ connectWaitMs: 60_000 })))
  t.regex(message, /^cannot ask http:\/\/127\.0\.0\.1:1 for pool night & day: connection refused/)
  await failure(acquirePool(nobody, ...taking({ wait: 100, connectWaitMs: 60_000 })))
  await failure(acquirePool(nobody, ...taking({ wait: Number.POSITIVE_INFINITY, connectWaitMs: 100 })))
})
