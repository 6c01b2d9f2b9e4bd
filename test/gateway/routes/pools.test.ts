/** Pools, as a client with curl uses them: the answers are those of Distributex. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { each, onRuntimes } from '../../support/each.js'
import { ask, get, serve, type TestGateway } from '../../support/gateway.js'
import type { Bench, SeraOptions } from '../../support/sera.js'
import { until } from '../../support/until.js'

const POOLS = `pools:
  - name: "NAME"
  - name: "two NAME"
    maxlocks: 2
  - name: "short NAME"
    expire: 1
  - name: "ours NAME"
    servers: web-1, web-2
`

interface PoolClientProcess {
  gateway: TestGateway
  /** The text of the answer. */
  say(word: string, host: string, more?: Record<string, string>): Promise<string>
  at(word: string, host: string, more?: Record<string, string>): string
}

function file(bench: Bench, text = POOLS): string {
  const path = join(bench.folder, 'pools.yaml')
  writeFileSync(path, text.replaceAll('NAME', bench.name))
  return path
}

/** A gateway with the pools of this test; `pool` is `''`, `'two '`, … */
async function started(bench: Bench, args: readonly string[] = [], options?: SeraOptions): Promise<PoolClientProcess> {
  const gateway = await serve(bench, ['--pools', file(bench), ...args], options)
  const at: PoolClientProcess['at'] = (word, host, { pool = '', ...more } = {}) =>
    `${gateway.url}/${word}?${new URLSearchParams({ host, pool: `${pool}${bench.name}`, ...more })}`
  return { gateway, at, say: async (...what) => (await get(at(...what))).text }
}

/** Waits until `/v1/status` shows this many waiters at the test's pool. */
async function waiting({ gateway }: PoolClientProcess, { name }: Bench, count: number): Promise<void> {
  await until(`${count} wait`, async () => {
    const { resources } = JSON.parse((await get(`${gateway.url}/v1/status`)).text)
    const pool = resources.find((one: { kind: string; name: string }) => one.kind === 'pool' && one.name === name)
    return (pool?.claims ?? []).filter(({ state }: { state: string }) => state === 'waiting').length === count
  })
}

each('get, wait and release answer as Distributex, with and without the slash', async (t, bench) => {
  const client = await started(bench)
  const { say, at } = client
  t.deepEqual(await get(at('get/', 'a')), { status: 200, type: 'text/plain; charset=UTF-8', text: 'YES' })
  t.is(await say('get', 'a'), 'YES', 'the holder')
  t.is(await say('get/', 'b'), 'NO')
  t.is(await say('wait', 'a'), 'YES', 'the holder need not wait')
  const next = ask(at('wait/', 'b'))
  await waiting(client, bench, 1)
  t.is(next.answered, undefined)
  t.is(await say('release', 'c'), 'OK', 'a host that holds nothing')
  t.is(await say('get', 'c'), 'NO', 'and nothing has changed')
  t.is(await say('release/', 'a'), 'OK')
  t.is((await next.answer)?.text, 'YES')
  t.is(await say('release', 'b'), 'OK')
})

each('an invalid request is INVALID', async (t, bench) => {
  const { gateway, say } = await started(bench)
  for (const query of [
    '',
    '?host=a',
    `?pool=${bench.name}`,
    '?host=a&pool=no%20such',
    '?host=a&pool=',
    '?host=&pool=x',
  ])
    for (const word of ['get', 'wait', 'release']) t.is((await get(`${gateway.url}/${word}/${query}`)).text, 'INVALID')
  t.is(await say('get', 'web-1', { pool: 'ours ' }), 'YES')
  t.is(await say('get', 'web-3', { pool: 'ours ' }), 'INVALID', 'a host that is not allowed')
  t.is(await say('release', 'web-3', { pool: 'ours ' }), 'INVALID')
  t.is(await say('get', 'x'.repeat(300)), 'INVALID')
  t.is(await say('get', 'a\nb'), 'INVALID')
  t.is(await say('release', 'web-1', { pool: 'ours ' }), 'OK')
})

each('an unknown path is INVALID with host and pool, otherwise 404', async (t, bench) => {
  const { gateway, at } = await started(bench)
  const invalid = { status: 200, type: 'text/plain; charset=UTF-8', text: 'INVALID' }
  for (const word of ['lock/', 'getlock', 'get/more', 'a/b/c']) t.deepEqual(await get(at(word, 'a')), invalid, word)
  for (const query of ['', '?host=a', `?pool=${bench.name}`])
    t.is((await get(`${gateway.url}/lock/${query}`)).status, 404, query)
  t.is((await fetch(at('lock/', 'a'), { method: 'POST' })).status, 404)
})

each('maxlocks limits the holders, and a pool expires', async (t, bench) => {
  const { say } = await started(bench)
  const two = { pool: 'two ' }
  t.deepEqual(
    [await say('get', 'a', two), await say('get', 'b', two), await say('get', 'c', two)],
    ['YES', 'YES', 'NO'],
  )
  const short = { pool: 'short ' }
  t.is(await say('get', 'a', short), 'YES')
  t.is(await say('get', 'b', short), 'NO')
  t.is(await say('wait', 'b', short), 'YES')
  for (const host of ['a', 'b']) t.is(await say('release', host, two), 'OK')
  t.is(await say('release', 'b', short), 'OK')
})

each('YES has token and time, the token renews, and an id separates holders on one host', async (t, bench) => {
  const { say, at } = await started(bench)
  const one = await fetch(at('get', 'a', { id: '1' }))
  const token = one.headers.get('sera-token') ?? ''
  t.regex(token, /^\d{16}$/)
  t.is(Number(one.headers.get('sera-expires-in')), 1800)
  t.is(await say('get', 'a', { id: '2' }), 'NO')
  t.is(await say('get', 'a'), 'NO')
  t.is(await say('renew', 'a', { id: '1', token }), 'OK')
  t.is(await say('renew', 'a', { id: '1', token: '17' }), 'NO')
  t.is(await say('renew', 'a', { token }), 'NO')
  t.is(await say('release', 'a', { id: '2' }), 'OK')
  t.is(await say('get', 'b'), 'NO', 'it is still held')
  t.is(await say('release', 'a', { id: '1' }), 'OK')
  t.is(await say('renew', 'a', { id: '1', token }), 'NO')
})

each('a released pool is in the history with its holder and times', async (t, bench) => {
  const { say, gateway } = await started(bench)
  await say('get', 'web-1')
  await say('release', 'web-1')
  await say('release', 'web-1')
  const entries = await until('an entry', async () => {
    const query = new URLSearchParams({ name: bench.name })
    const found = JSON.parse((await get(`${gateway.url}/v1/history?${query}`)).text).entries
    return found.length > 0 && found
  })
  t.is(entries.length, 1)
  t.like(entries[0], { kind: 'pool', name: bench.name, host: 'web-1', outcome: 'done', exitCode: 0 })
  t.true(entries[0].ranMs >= 0 && entries[0].ranMs < 60_000)
  const ranMs = Date.parse(entries[0].releasedAt) - Date.parse(entries[0].grantedAt)
  t.true(Math.abs(ranMs - entries[0].ranMs) <= 1, 'apart from rounding')
})

each('a client that disconnects leaves the queue, and the next is granted', async (t, bench) => {
  const client = await started(bench)
  t.is(await client.say('get', 'a'), 'YES')
  const gone = ask(client.at('wait', 'b'))
  await waiting(client, bench, 1)
  gone.hangUp()
  await waiting(client, bench, 0)
  const { sera } = client.gateway
  const logged = () => /GET \/wait\?host=b&.*$/m.exec(sera.stdout)?.[0]
  t.regex(await until('it is logged', logged), / 499 \d+ms$/, 'and no error')
  t.is(await client.say('release', 'a'), 'OK')
  t.is(await client.say('get', 'c'), 'YES')
  t.is(await client.say('release', 'c'), 'OK')
})

each('SIGHUP reloads the pools, and waiting clients keep their place', async (t, bench) => {
  const client = await started(bench)
  const { say, gateway } = client
  t.is(await say('get', 'a'), 'YES')
  const next = ask(client.at('wait', 'b'))
  await waiting(client, bench, 1)
  file(bench, 'pools: [{ name: "NAME", maxlocks: many }]')
  gateway.sera.kill('SIGHUP')
  await until('it reports the error', () =>
    /pools\.yaml:1:.*maxlocks.*the current pools stay in use/.test(gateway.sera.stderr),
  )
  t.is(next.answered, undefined)
  file(bench, 'pools: [{ name: "NAME", maxlocks: 2 }]')
  gateway.sera.kill('SIGHUP')
  t.is((await next.answer)?.text, 'YES')
  t.is(await say('get', 'web-1', { pool: 'ours ' }), 'INVALID', 'it is no longer there')
  for (const host of ['a', 'b']) t.is(await say('release', host), 'OK')
})

each('a gateway that shuts down answers waiting clients, and holders keep the pool', async (t, bench) => {
  const client = await started(bench)
  t.is(await client.say('get', 'a'), 'YES')
  const waits = ask(client.at('wait', 'b'))
  await waiting(client, bench, 1)
  client.gateway.sera.kill('SIGTERM')
  t.like(await waits.answer, { status: 503, text: 'NO' })
  t.is(await client.gateway.sera.exited, 0)
  const other = await started(bench)
  await waiting(other, bench, 0)
  t.is(await other.say('get', 'b'), 'NO')
  t.is(await other.say('get', 'a'), 'YES')
  t.is(await other.say('release', 'a'), 'OK')
})

each.serial('with 200 waiting, a killed gateway does not block the clients of another', async (t, bench) => {
  const [killed, other] = [await started(bench, ['--lease', '8s']), await started(bench)]
  t.is(await killed.say('get', 'first'), 'YES')
  const waits = Array.from({ length: 200 }, (_, at) => ask((at % 2 ? killed : other).at('wait', `h${at}`)))
  await waiting(other, bench, 200)
  killed.gateway.sera.kill('SIGKILL')
  const alive = waits.filter((_, at) => at % 2 === 0)
  t.is(await other.say('get', 'late'), 'NO', 'the pool is still held')
  t.is(await other.say('release', 'first'), 'OK', 'and released at the other gateway')
  const served: number[] = []
  for (let count = 0; count < 100; count++) {
    const index = await Promise.race(
      alive.flatMap(({ answer }, at) => (served.includes(at) ? [] : [answer.then(() => at)])),
    )
    t.is(alive[index]?.answered?.text, 'YES')
    served.push(index)
    t.is(alive.filter(({ answered }) => answered).length, served.length, 'two holders at once')
    await other.say('release', `h${2 * index}`)
  }
  t.is(await other.say('wait', 'late'), 'YES', 'claims of the dead gateway block for a lease at most')
  t.is(await other.say('release', 'late'), 'OK')
})

onRuntimes('a file that can’t be read exits with 200 and one line', async (t, bench) => {
  for (const [flags, message] of [
    [['--pools', 'nope.yaml'], '--pools nope.yaml: there is no such file'],
    [['--token-file', '/'], '--token-file /: it is a directory'],
    [['--tls-cert', 'nope.pem', '--tls-key', 'nope.pem'], '--tls-cert nope.pem: there is no such file'],
  ] as const) {
    const { code, stderr } = await bench.sub(['serve', ...flags]).ended()
    t.deepEqual([code, stderr], [200, `sera: ${message}\n`])
  }
})

onRuntimes('warnings about the pools file are printed unless --quiet', async (t, bench) => {
  const odd = ['serve', '--pools', file(bench, 'pools: [{ name: a, expires: 5 }]'), '--listen', '192.0.2.1:1']
  const loud = await bench.sub([...odd, '--insecure']).ended()
  t.regex(loud.stderr, /^sera: \S+pools.yaml:1: expires: unknown key, did you mean "expire"\?\nsera: cannot listen/)
  t.regex((await bench.sub([...odd, '--insecure', '--quiet']).ended()).stderr, /^sera: cannot listen [^\n]+\n$/)
})
