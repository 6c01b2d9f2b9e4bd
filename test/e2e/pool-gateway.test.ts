/** `sera pool` with a sera gateway: renewals, and clients that die. */
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { each } from '../support/each.js'
import { get, serve, type TestGateway } from '../support/gateway.js'
import type { Bench } from '../support/sera.js'
import { until } from '../support/until.js'
import { hold } from './held.js'

async function gatewayWith(bench: Bench, pool: string, flags: string[] = []): Promise<TestGateway> {
  const file = join(bench.folder, 'pools.yaml')
  writeFileSync(file, `pools:\n  - { name: ${JSON.stringify(bench.name)}, ${pool} }\n`)
  return await serve(bench, ['--pools', file, ...flags])
}

/** Runs under the name of that host. */
const as = (host: string, { url }: TestGateway, bench: Bench, ...flags: string[]) => {
  return ['pool', '-H', url, '-r', bench.name, '--as', host, '--grace', '200ms', ...flags]
}

const curl = async ({ url }: TestGateway, bench: Bench, path: string) =>
  (await get(`${url}/${path}/?host=curl&pool=${encodeURIComponent(bench.name)}`)).text

each('hosts exclude each other, also with curl, and the next one follows at once', async (t, bench) => {
  const gateway = await gatewayWith(bench, 'expire: 1h')
  const one = await hold(bench, as('a', gateway, bench)).started()
  t.is(await curl(gateway, bench, 'get'), 'NO')
  t.is(await bench.sub([...as('b', gateway, bench), 'echo', 'ran']).exited, 204)
  const two = hold(bench, as('b', gateway, bench, '--wait'))
  t.is(await one.end(), 0)
  await two.started()
  t.is(await curl(gateway, bench, 'get'), 'NO')
  t.is(await two.end(), 0)
  t.is(await curl(gateway, bench, 'get'), 'YES')
})

each('http and https do not mix, and NODE_EXTRA_CA_CERTS trusts a private CA', async (t, bench, { ca }) => {
  if (ca === undefined) return t.log('there is no openssl')
  const beside = (name: string) => join(dirname(ca), name)
  const tls = ['--tls-cert', beside('cert.pem'), '--tls-key', beside('key.pem')]
  const plain = await gatewayWith(bench, 'expire: 1h')
  const secure = await gatewayWith(bench, 'expire: 1h', tls)
  for (const [url, message] of [
    [plain.url.replace('http', 'https'), 'the server there does not speak https: try http://'],
    [secure.url.replace('https', 'http'), 'the server closed the connection without an answer: try https://'],
    [secure.url, /its certificate is not trusted; NODE_EXTRA_CA_CERTS=FILE [^:]+\n$/],
  ] as const) {
    const { code, stderr } = await bench.sub([...as('a', { ...plain, url }, bench), 'true']).ended()
    t.is(code, 202)
    if (typeof message === 'string') t.is(stderr, `sera: cannot ask ${url} for pool ${bench.name}: ${message}\n`)
    else t.regex(stderr, message)
  }
  const env = { NODE_EXTRA_CA_CERTS: ca }
  t.is((await bench.sub([...as('a', secure, bench), 'echo', 'ran'], { env }).ended()).stdout, 'ran\n')
})

each('a command may run longer than the expire of its pool', async (t, bench) => {
  const gateway = await gatewayWith(bench, 'expire: 8')
  const one = await hold(bench, as('a', gateway, bench)).started()
  const startedAt = performance.now()
  await until('more than that time has passed', () => performance.now() - startedAt > 12_000)
  t.is(await curl(gateway, bench, 'get'), 'NO')
  t.true(one.running)
  t.is(await one.end(), 0)
})

each('of two machines with the same name only one holds the pool', async (t, bench) => {
  const gateway = await gatewayWith(bench, 'expire: 1h')
  const one = await hold(bench, as('curl', gateway, bench)).started()
  t.is(await curl(gateway, bench, 'get'), 'NO')
  t.is(await curl(gateway, bench, 'release'), 'OK')
  t.is(await curl(gateway, bench, 'get'), 'NO', 'the pool belongs to the other one')
  t.is(await one.end(), 0)
})

each('killed sera: its command is ended, and others get the pool when it expires', async (t, bench) => {
  const gateway = await gatewayWith(bench, 'expire: 8')
  const one = await hold(bench, as('a', gateway, bench)).started()
  const two = hold(bench, as('b', gateway, bench, '--wait'))
  one.sera.kill('SIGKILL')
  await until('the command has ended', () => one.sera.family().length === 0)
  t.false(two.running)
  await two.started()
  t.is(await two.end(), 0)
})

each('sera retries after a gateway restart, and a held pool stays held', async (t, bench) => {
  const gateway = await gatewayWith(bench, 'expire: 12')
  const one = await hold(bench, as('a', gateway, bench)).started()
  const two = hold(bench, as('b', gateway, bench, '--wait'))
  await until('a client waits', async () => {
    return /1 waits/.test((await bench.sub(['status', 'pool', bench.name]).ended()).stdout)
  })
  const { port } = new URL(gateway.url)
  gateway.sera.kill('SIGTERM')
  await gateway.sera.exited
  await serve(bench, ['--pools', join(bench.folder, 'pools.yaml'), '--listen', `127.0.0.1:${port}`])
  t.true(one.running)
  t.is(await one.end(), 0)
  await two.started()
  t.is(await two.end(), 0)
})
