/** Unauthorized and hostile clients get the right status, and the gateway continues to serve. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { each } from '../../support/each.js'
import { get, serve, type TestGateway } from '../../support/gateway.js'
import type { Bench } from '../../support/sera.js'
import { until } from '../../support/until.js'

const TOKEN = 'a-token-of-thirty-two-characters'

async function guarded(bench: Bench): Promise<TestGateway> {
  const file = join(bench.folder, 'token')
  writeFileSync(file, `${TOKEN}\n`)
  const pools = join(bench.folder, 'pools.yaml')
  writeFileSync(pools, `pools: [{ name: ${JSON.stringify(bench.name)} }]`)
  return await serve(bench, ['--token-file', file, '--pools', pools])
}

/** Sends bytes. `begun` is the first part of the answer; `closed` is all of it, when the gateway closes the connection. */
function raw({ url }: TestGateway, bytes: string) {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let text = ''
  socket.setEncoding('latin1').on('data', more => {
    text += more
  })
  socket.write(bytes, 'latin1')
  const closed = new Promise<string>(resolve => socket.on('error', () => {}).on('close', () => resolve(text)))
  const begun = new Promise<string>(resolve => socket.once('data', resolve))
  return { socket, closed, begun }
}

const statusOf = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])

async function serves(t: ExecutionContext, gateway: TestGateway): Promise<void> {
  t.is((await get(`${gateway.url}/healthz`)).text, 'ok\n')
  t.true(gateway.sera.running)
}

const PATHS = [
  '/',
  '/page/app.js',
  '/get/?host=a&pool=NAME',
  '/wait/?host=a&pool=NAME',
  '/release/?host=a&pool=NAME',
  '/renew/?host=a&pool=NAME&token=1',
  '/event?event=e&actor=a&mates=0',
  '/match?key=e&labels=a=b&selector=a&count=0',
  '/stats',
  '/v1/status',
  '/v1/history',
  '/v1/watch',
  '/v1/openapi.json',
  '/metrics',
  '/readyz',
  '/nothing',
  '/healthz/',
  '/healthz/../v1/status',
  '//healthz',
  '/healthz%2f..%2fv1%2fstatus',
]

each('without the token every path but /healthz answers 401', async (t, bench) => {
  const gateway = await guarded(bench)
  const given: Record<string, string>[] = [
    {},
    { authorization: 'Bearer' },
    { authorization: `Bearer ${TOKEN}x` },
    { authorization: `Bearer ${TOKEN.slice(1)}` },
    { authorization: TOKEN },
    { authorization: `Token ${TOKEN}` },
    { authorization: `Basic ${Buffer.from(`user:${TOKEN}x`).toString('base64')}` },
    { authorization: `Basic ${Buffer.from(TOKEN).toString('base64').slice(2)}` },
    { cookie: `token=${TOKEN}`, 'x-token': TOKEN },
  ]
  for (const path of PATHS) {
    for (const headers of given) {
      const { status, text } = await get(gateway.url + path.replace('NAME', encodeURIComponent(bench.name)), headers)
      t.is(status, 401, `${path} with ${JSON.stringify(headers)}`)
      t.false(text.includes(TOKEN) || text.includes('YES') || text.includes('resources'), text)
    }
  }
  await serves(t, gateway)
})

each('a token in the address does not authorize and is not logged', async (t, bench) => {
  const gateway = await guarded(bench)
  for (const query of [`token=${TOKEN}`, `access_token=${TOKEN}`, `authorization=Bearer%20${TOKEN}`])
    t.is((await get(`${gateway.url}/v1/status?${query}`)).status, 401)
  const { host } = new URL(gateway.url)
  t.is(
    statusOf(
      await raw(
        gateway,
        `GET http://user:${TOKEN}@${host}/v1/status HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      ).closed,
    ),
    401,
  )
  t.is((await get(`${gateway.url}/v1/status`, { authorization: `Bearer ${TOKEN}` })).status, 200)
  await until('the request is logged', () => gateway.sera.stdout.includes('/v1/status'))
  t.false((gateway.sera.stdout + gateway.sera.stderr).includes(TOKEN))
})

each('a password opens read-only paths alone', async (t, bench) => {
  const gateway = await guarded(bench)
  const headers = { authorization: `Basic ${Buffer.from(`ops:${TOKEN}`).toString('base64')}` }
  const pool = encodeURIComponent(bench.name)
  for (const path of ['/', '/v1/status', '/v1/history'])
    t.is((await get(gateway.url + path, headers)).status, 200, path)
  for (const path of [
    `/get/?host=a&pool=${pool}`,
    `/release/?host=a&pool=${pool}`,
    '/event?event=e&actor=a&mates=0',
    '/metrics',
  ])
    t.is((await get(gateway.url + path, headers)).status, 401, path)
  const post = await fetch(`${gateway.url}/v1/status`, { method: 'POST', headers })
  t.is(post.status, 401)
})

each('requests from other sites and for other host names are refused', async (t, bench) => {
  const gateway = await serve(bench)
  const { url } = gateway
  const { port } = new URL(url)
  for (const site of ['cross-site', 'same-site'])
    t.is(
      (await get(`${url}/release/?host=a&pool=x`, { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' })).status,
      403,
    )
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
  t.is((await get(`${url}/release/?host=a&pool=x`, link)).status, 403, 'a link must not change anything')
  t.is((await get(`${url}/`, link)).status, 200, 'a link to the page')
  t.is((await get(`${url}/v1/status`, { origin: 'http://evil.example' })).status, 403)
  t.is((await get(`${url}/v1/status`, { origin: 'null' })).status, 403)
  t.is((await get(`${url}/v1/status`, { origin: url })).status, 200)
  t.is((await get(`${url}/v1/status`, { host: `evil.example:${port}` })).status, 421)
  t.is((await get(`${url}/v1/status`, { host: `localhost:${port}` })).status, 200)
})

each('--insecure or a token allows every host name', async (t, bench) => {
  const { url } = await serve(bench, ['--insecure'])
  t.is((await get(`${url}/v1/status`, { host: 'locks.example.com:9989' })).status, 200)
  const guard = await guarded(bench)
  const headers = { host: 'locks.example.com:9989', authorization: `Bearer ${TOKEN}` }
  t.is((await get(`${guard.url}/v1/status`, headers)).status, 200)
})

each('a start that fails prints one line', async (t, bench) => {
  const { url } = await serve(bench)
  const again = bench.sub(['serve', '--listen', new URL(url).host])
  t.deepEqual(await again.ended(), {
    code: 202,
    stdout: '',
    stderr: `sera: cannot listen on ${new URL(url).host}: the address is already in use\n`,
  })
  const files = ['cert.pem', 'key.pem'].map(name => join(bench.folder, name))
  for (const file of files) writeFileSync(file, 'no PEM')
  const [cert = '', key = ''] = files
  const { code, stderr } = await bench.sub(['serve', '--tls-cert', cert, '--tls-key', key]).ended()
  t.is(code, 200)
  t.regex(stderr, /^sera: --tls-cert \S+ and --tls-key \S+: the files must be [^\n]+\n$/)
})

each('traversal, invalid or long addresses and header floods are refused', async (t, bench) => {
  const gateway = await serve(bench)
  const asked = (target: string, headers = 'Connection: close\r\n') =>
    raw(gateway, `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`).closed
  for (const target of [
    '/../../etc/passwd',
    '/page/..%2f..%2f..%2fetc%2fpasswd',
    '/page/%2e%2e/%2e%2e/package.json',
    '/page/....//app.js',
  ])
    t.is(statusOf(await asked(target)), 404, target)
  for (const target of ['/get/?host=%ff%fe&pool=x', '/v1/status?x=%zz', '/event?event=%c3%28&actor=a', '/%ff'])
    t.is(statusOf(await asked(target)), 400, target)
  for (const target of ['/get/?host=\xff\xfe&pool=x', 'nonsense', '/a b'])
    t.is(statusOf(await asked(target)), 400, target)
  t.is(statusOf(await asked(`/get/?host=${'a'.repeat(1_000_000)}&pool=x`)), 431)
  const flood = Array.from({ length: 5000 }, (_, at) => `X-${at}: ${'y'.repeat(20)}\r\n`).join('')
  t.is(statusOf(await asked('/healthz', flood)), 431)
  t.is(statusOf(await raw(gateway, 'GET /healthz HTTP/1.1\r\n\r\n').closed), 400, 'no Host')
  t.is(statusOf(await raw(gateway, '\x16\x03\x01\x02\x00 TLS?\r\n\r\n').closed), 400)
  const smuggled =
    'POST /v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n'
  t.is(statusOf(await raw(gateway, smuggled).closed), 400, 'two lengths')
  await serves(t, gateway)
})

each('a body that is too large is refused unread', async (t, bench) => {
  const gateway = await serve(bench)
  const head = 'POST /v1/mutexes/x/claims HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
  const { begun, socket } = raw(gateway, `${head}Content-Length: 100000000\r\n\r\n${'['.repeat(200_000)}`)
  t.is(statusOf(await begun), 413)
  socket.destroy()
  await serves(t, gateway)
})

each('silent and slow clients get 408 while others are served', async (t, bench) => {
  const gateway = await serve(bench)
  const slow = Array.from({ length: 50 }, () => raw(gateway, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: '))
  const silent = raw(gateway, '')
  const drip = setInterval(() => {
    for (const { socket } of slow) socket.write('a')
  }, 500)
  await serves(t, gateway)
  const answers = await Promise.all([...slow, silent].map(({ closed }) => closed))
  clearInterval(drip)
  for (const answer of answers) t.true(answer === '' || statusOf(answer) === 408, answer)
  await serves(t, gateway)
})

/** The limit of this process, at most 10,000. */
const IDLE = Math.min(
  10_000,
  Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]) - 500,
)

each.serial('the gateway serves beside thousands of idle connections', async (t, bench) => {
  const gateway = await serve(bench)
  const { hostname, port } = new URL(gateway.url)
  const open = () =>
    new Promise<Socket>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => resolve(socket)).once('error', reject)
    })
  const files = () => readdirSync(`/proc/${gateway.sera.pid}/fd`).length
  const before = files()
  const idle: Socket[] = []
  while (idle.length < IDLE) idle.push(...(await Promise.all(Array.from({ length: 200 }, open))))
  await serves(t, gateway)
  t.is((await get(`${gateway.url}/event?event=e&actor=a&mates=0`)).status, 200)
  for (const socket of idle) socket.destroy()
  await until('their descriptors are closed', () => files() < before + 100)
  await serves(t, gateway)
})
