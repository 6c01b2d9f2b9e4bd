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
  answerTo: (asked: AskedOfPool) => ScriptedAnswer,
): Promise<{ server: PoolServer; client: PoolClient }> {
  const server = await poolServer(t, answerTo)
  return { server, client: clientOf(server.url) }
}

/** A deadline and options; without arguments it tries once. */
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
  test(`--host ${host}${port === undefined ? '' : ` --port ${port}`} is ${url}`, t =>
    t.is(serverUrl(host, port).href, url))
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
  test(`--host ${host}${port === undefined ? '' : ` --port ${port}`} is refused`, t => {
    const error = t.throws(() => serverUrl(host, port), { instanceOf: SeraError })
    t.is(error.kind, 'usage')
    t.notRegex(error.message, /secret/)
  })
}

test('a request has its values in the query and the token in a header', async t => {
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

test('a Distributex answer is a word; a gateway adds expiry and token', async t => {
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

const USELESS: [what: string, answer: ScriptedAnswer, message: RegExp, transient: boolean][] = [
  ['another page', { text: '<html>\n<b>hello</b>' }, /not from a pool server: "<html> <b>hello<\/b>"$/, false],
  ['a long page', { text: 'x'.repeat(100_000) }, /too long/, false],
  ['nothing', '', /not from a pool server: ""$/, false],
  ['not found', { status: 404, text: 'no\tsuch\npage' }, /it answered 404: no such page$/, false],
  [
    'no token',
    { status: 401, text: '{"detail":"the token is wrong"}' },
    /401: the token is wrong \(give the token with --token-file\)$/,
    false,
  ],
  ['elsewhere', { status: 302, text: '', headers: { Location: '/x' } }, /it answered 302$/, false],
  [
    'a gateway that ends',
    { status: 503, text: 'NO' },
    /it answered 503: its database is unreachable, or it is shutting down$/,
    true,
  ],
  ['no time', { text: 'YES', headers: { 'Sera-Expires-In': 'soon' } }, /Sera-Expires-In is not valid: "soon"$/, false],
  ['a cut connection', 'reset', /the connection was reset$/, true],
]
for (const [what, answer, message, transient] of USELESS) {
  test(`${what} is refused as an answer`, async t => {
    const { client } = await asks(t, () => answer)
    const error = await t.throwsAsync(client.ask('get'), { instanceOf: NoAnswer, message })
    t.is(error.transient, transient)
  })
}

test('a request without an answer times out', async t => {
  const { client } = await asks(t, () => 'hang')
  const error = await t.throwsAsync(client.ask('get', { until: systemClock.now() + 50 }), { instanceOf: NoAnswer })
  t.deepEqual([error.message, error.transient], ['no answer in time', true])
})

test('other protocols and closed ports get their own messages', async t => {
  const database = createServer(socket => socket.on('error', () => {}).end('J\0\0\0\n8.0.36\0'))
  await new Promise<void>(resolve => database.listen(0, '127.0.0.1', resolve))
  t.teardown(() => database.close())
  const { port } = database.address() as { port: number }
  const other = await t.throwsAsync(clientOf(`http://127.0.0.1:${port}`).ask('get'), { instanceOf: NoAnswer })
  t.deepEqual([other.message, other.transient], ['the server there does not speak HTTP', false])
  const silent = createServer(socket => socket.on('error', () => {}).on('data', () => socket.end()))
  await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
  t.teardown(() => silent.close())
  const { port: at } = silent.address() as { port: number }
  await t.throwsAsync(clientOf(`http://127.0.0.1:${at}`).ask('get'), { message: /without an answer: try https:/ })
  const unreachable = await t.throwsAsync(clientOf('http://127.0.0.1:1').ask('get'), { instanceOf: NoAnswer })
  t.deepEqual([unreachable.message.slice(0, 18), unreachable.transient], ['connection refused', true])
})

test('an abort rejects with its reason and closes the connection', async t => {
  const { server, client } = await asks(t, () => 'hang')
  const given = new AbortController()
  const asked = client.ask('wait', { until: Number.POSITIVE_INFINITY, signal: given.signal })
  await until('the request arrives', () => server.waiting.size === 1)
  const reason = new Error('TERM')
  given.abort(reason)
  t.is(await asked.catch(error => error), reason)
  await until('it has disconnected', () => server.waiting.size === 0)
  t.is(await client.ask('get', { until: Number.POSITIVE_INFINITY, signal: given.signal }).catch(error => error), reason)
})

test('a free pool takes one get; with Distributex it never expires', async t => {
  const { server, client } = await asks(t, onePool() as (asked: AskedOfPool) => ScriptedAnswer)
  const grant = await acquirePool(client, ...taking())
  t.like(grant, { expiresInMs: Number.POSITIVE_INFINITY, token: undefined })
  t.deepEqual(
    server.asked.map(({ verb }) => verb),
    ['get'],
  )
})

test('a renewal confirms a gateway’s YES, and the time counts from its request', async t => {
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

test('a YES that has expired before its confirmation is no grant', async t => {
  const headers = { 'Sera-Expires-In': '0.001', 'Sera-Token': '9' }
  const { server, client } = await asks(t, ({ verb }) => (verb === 'get' ? { text: 'YES', headers } : 'NO'))
  t.is(await acquirePool(client, ...taking()), undefined)
  t.is(server.count('release'), 1, 'the pool is released to be safe')
})

test('without a wait a NO ends the request', async t => {
  const { server, client } = await asks(t, () => 'NO')
  t.is(await acquirePool(client, ...taking({ connectWaitMs: 30_000 })), undefined)
  t.deepEqual(
    server.asked.map(({ verb }) => verb),
    ['get'],
  )
})

test('with a wait the pool is granted after its release', async t => {
  const server = await poolServer(t, onePool('60'))
  const [mine, theirs] = [clientOf(server.url, 'a'), clientOf(server.url, 'b')]
  await acquirePool(theirs, ...taking())
  const waiting = acquirePool(mine, ...taking({ wait: Number.POSITIVE_INFINITY }))
  await until('it waits', () => server.count('wait') === 1)
  await theirs.ask('release')
  t.like(await waiting, { token: '102' })
})

/** Longer than a request takes on a busy machine. */
const LATE_MS = 3000

test('a wait that times out asks once more and releases a possible grant', async t => {
  const { server } = await asks(t, ({ verb }) => (verb === 'wait' ? 'hang' : verb === 'get' ? 'NO' : 'OK'))
  const clock = { ...systemClock, now: () => (server.count('wait') > 0 ? LATE_MS : 0) }
  const client = clientOf(server.url, 'web-1', undefined, clock)
  t.is(await acquirePool(client, { until: LATE_MS }, taking()[1]), undefined)
  t.deepEqual(
    server.asked.map(({ verb }) => verb),
    ['get', 'wait', 'get', 'release'],
  )
})

test('an aborted wait releases a possible grant', async t => {
  const { server, client } = await asks(t, ({ verb }) => (verb === 'wait' ? 'hang' : verb === 'get' ? 'NO' : 'OK'))
  const given = new AbortController()
  const waiting = acquirePool(client, ...taking({ wait: Number.POSITIVE_INFINITY, signal: given.signal }))
  await until('it waits', () => server.waiting.size === 1)
  const reason = new Error('TERM')
  given.abort(reason)
  t.is(await waiting.catch(error => error), reason)
  t.is(server.count('release'), 1)
})

test('the error for INVALID names pool, host and server', async t => {
  const { server, client } = await asks(t, () => 'INVALID')
  const { message } = await failure(acquirePool(client, ...taking({ wait: 60_000, connectWaitMs: 60_000 })))
  t.regex(message, new RegExp(`^${server.url} has no pool night & day, or does not allow host web-1 .*INVALID`))
  t.is(server.asked.length, 1)
})

test('transient failures are retried for a while, others are not', async t => {
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
    'there is nothing to release',
  )
})

test('the error names an unreachable server, at once without a wait', async t => {
  const unreachable = clientOf('http://127.0.0.1:1')
  const { message } = await failure(acquirePool(unreachable, ...taking({ connectWaitMs: 60_000 })))
  t.regex(message, /^cannot ask http:\/\/127\.0\.0\.1:1 for pool night & day: connection refused/)
  await failure(acquirePool(unreachable, ...taking({ wait: 100, connectWaitMs: 60_000 })))
  await failure(acquirePool(unreachable, ...taking({ wait: Number.POSITIVE_INFINITY, connectWaitMs: 100 })))
})
