/** Requests with a body, as for netsync and netmatch, and the path of netmatch. */
import type { ExecutionContext } from 'ava'
import { each } from '../../support/each.js'
import { get, serve, type TestGateway } from '../../support/gateway.js'
import type { Bench } from '../../support/sera.js'
import { until } from '../../support/until.js'

interface Answer {
  status: number
  text: string
}

/** As `curl -d@-` sends it: curl labels every body as a form. */
async function post({ url }: TestGateway, path: string, body: string): Promise<Answer> {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
  const answer = await fetch(`${url}${path}`, { method: 'POST', body, headers })
  return { status: answer.status, text: await answer.text() }
}

const waits = (gateway: TestGateway, { name }: Bench, ...actors: string[]) =>
  until(`${actors} wait`, async () => {
    const there = JSON.parse((await get(`${gateway.url}/stats`)).text)[name] ?? {}
    return Object.keys(there).join() === actors.toSorted().join()
  })

function hasRequests(t: ExecutionContext, { status, text }: Answer, requests: readonly object[]): void {
  t.is(status, 200, text)
  t.deepEqual(JSON.parse(text), { requests })
}

each('/match with a YAML body returns the requests of all members', async (t, bench) => {
  const gateway = await serve(bench)
  const key = JSON.stringify(bench.name)
  const first = post(
    gateway,
    '/match?input=yaml',
    `{key: ${key}, payload: 1, selector: "name != one", labels: {name: one}}`,
  )
  await waits(gateway, bench, 'name=one')
  const second = post(gateway, '/match?input=yaml', `key: ${key}\nselector: name != two\nlabels:\n  name: two\n`)
  const requests = [
    { labels: { name: 'one' }, payload: '1' },
    { labels: { name: 'two' }, payload: '' },
  ]
  hasRequests(t, await first, requests)
  hasRequests(t, await second, requests)
})

each('/match takes JSON and queries, and meets /event at the same key', async (t, bench) => {
  const gateway = await serve(bench)
  const { name: key } = bench
  const body = { key, count: 2, payload: 'x', selector: 'role!=a', labels: { role: 'a' }, more: 'is ignored' }
  const first = post(gateway, '/match?input=json', JSON.stringify(body))
  await waits(gateway, bench, 'role=a')
  const query = new URLSearchParams({ key, count: '2', selector: 'role!=b', labels: 'role=b', output: 'yaml' })
  const second = get(`${gateway.url}/match?${query}`)
  await waits(gateway, bench, 'role=a', 'role=b')
  const third = new URLSearchParams({ event: key, actor: 'c', mates: '2' })
  t.is((await get(`${gateway.url}/event?${third}`)).text, '{"payloads":{"c":"","role=a":"x","role=b":""}}\n')
  hasRequests(t, await first, [
    { labels: { role: 'a' }, payload: 'x' },
    { labels: { role: 'b' }, payload: '' },
    { labels: { actor: 'c' }, payload: '' },
  ])
  t.true((await second).text.startsWith('requests:\n  - labels:\n      role: a\n    payload: x\n'))
})

each('/event with a YAML or JSON body returns the payloads of all members', async (t, bench) => {
  const gateway = await serve(bench)
  const { name: event } = bench
  const first = post(
    gateway,
    '/event?input=yaml',
    `{event: ${JSON.stringify(event)}, actor: machine, labels: {on: yes}}`,
  )
  await waits(gateway, bench, 'machine')
  const second = { event, actor: 'customer', payload: '2', mates: 1, selector: 'on=yes' }
  const text = '{"payloads":{"customer":"2","machine":""}}\n'
  t.deepEqual(await post(gateway, '/event?input=json', JSON.stringify(second)), { status: 200, text })
  t.deepEqual(await first, { status: 200, text })
})

each('an invalid body is refused with a line of text', async (t, bench) => {
  const gateway = await serve(bench)
  const refused: [path: string, body: string, line: RegExp][] = [
    ['/match?input=yaml', '{key: e', /^failed to unmarshal body: .+\n$/],
    ['/match?input=yaml', '', /^failed to unmarshal body: the body must be an object\n$/],
    [
      '/match?input=yaml',
      '{key: e, selektor: a}',
      /^failed to unmarshal body: unknown key "selektor": expected key, .+\n$/,
    ],
    ['/match?input=json', '[]', /^failed to unmarshal body: the body must be an object\n$/],
    ['/match?input=json', '{"key": 1}', /^key: expected text, got 1\n$/],
    ['/match?input=json', '{"key": "e", "labels": {"a": 1}}', /^label a: its value is text, not number\n$/],
    ['/match?input=xml', '{}', /^input: expected url, yaml or json\n$/],
    ['/match?key=e', '', /^empty labels: expected key, labels and selector\n$/],
    ['/match?key=e&labels=a=b', '', /^empty selector: .+\n$/],
    ['/match?labels=a=b&selector=a', '', /^empty key: .+\n$/],
    ['/match?key=e&labels=a=b&selector=a&count=x', '', /^count must be int\n$/],
    ['/match?key=e&labels=a=b&selector=a&count=64', '', /^count: expected a whole number from 0 to 63, got 64\n$/],
    ['/event?input=json', '{"actor": "a"}', /^empty event: .+\n$/],
  ]
  for (const [path, body, line] of refused) {
    const { status, text } = await post(gateway, path, body)
    t.is(status, 400, text)
    t.regex(text, line)
  }
  t.is((await post(gateway, '/match?input=json', ' '.repeat(65 * 1024))).status, 413)
})
