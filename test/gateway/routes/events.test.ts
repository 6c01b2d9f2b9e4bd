/** Events, as a client with curl uses them: the answers are those of syncnet. */
import { parse } from 'yaml'
import { each } from '../../support/each.js'
import { ask, get, serve, type TestGateway } from '../../support/gateway.js'
import type { Bench } from '../../support/sera.js'
import { until } from '../../support/until.js'

type Parameters = Readonly<Record<string, string>>

function at({ url }: TestGateway, { name }: Bench, parameters: Parameters): string {
  return `${url}/event?${new URLSearchParams({ event: name, ...parameters })}`
}

/** The actors at this test's event, from `/stats`. */
async function waiting({ url }: TestGateway, { name }: Bench): Promise<Record<string, object>> {
  return JSON.parse((await get(`${url}/stats`)).text)[name] ?? {}
}

const waits = (gateway: TestGateway, bench: Bench, ...actors: string[]) =>
  until(`${actors} wait`, async () => {
    const there = await waiting(gateway, bench)
    return Object.keys(there).join() === actors.toSorted().join()
  })

each('participants of an event meet and get all payloads', async (t, bench) => {
  const gateway = await serve(bench)
  const machine = ask(at(gateway, bench, { actor: 'machine', payload: 'coin & <choc> ü' }))
  await waits(gateway, bench, 'machine')
  t.is(machine.answered, undefined)
  const text = '{"payloads":{"customer":"","machine":"coin & <choc> ü"}}\n'
  const answer = { status: 200, type: 'application/json', text }
  t.deepEqual(await get(at(gateway, bench, { actor: 'customer' })), answer)
  t.deepEqual(await machine.answer, answer)
  t.deepEqual(await waiting(gateway, bench), {})
})

each('a match is as large as its largest mates value requires', async (t, bench) => {
  const gateway = await serve(bench)
  const three = ask(at(gateway, bench, { actor: 'three', mates: '2' }))
  await waits(gateway, bench, 'three')
  const two = ask(at(gateway, bench, { actor: 'two', mates: '1' }))
  await waits(gateway, bench, 'three', 'two')
  const other = await get(at(gateway, bench, { actor: 'other', mates: '', selector: '', labels: '' }))
  t.deepEqual(JSON.parse(other.text), { payloads: { three: '', two: '', other: '' } })
  t.is((await three.answer)?.text, other.text)
  t.is((await two.answer)?.text, other.text)
  t.is((await get(at(gateway, bench, { actor: 'alone', mates: '0' }))).text, '{"payloads":{"alone":""}}\n')
})

each('a client with mates=0 passes alone and takes no waiting client along', async (t, bench) => {
  const gateway = await serve(bench)
  const waitsOn = ask(at(gateway, bench, { actor: 'waits' }))
  await waits(gateway, bench, 'waits')
  t.is((await get(at(gateway, bench, { actor: 'alone', mates: '0' }))).text, '{"payloads":{"alone":""}}\n')
  t.is(waitsOn.answered, undefined)
  t.is((await get(at(gateway, bench, { actor: 'mate' }))).text, '{"payloads":{"mate":"","waits":""}}\n')
  t.is((await waitsOn.answer)?.status, 200)
})

each('given labels replace the actor label, and every pair must accept each other', async (t, bench) => {
  const gateway = await serve(bench)
  const web = ask(at(gateway, bench, { actor: 'web', labels: 'role=web', selector: 'role in (db), !actor' }))
  await waits(gateway, bench, 'web')
  const named = ask(at(gateway, bench, { actor: 'named', labels: 'role=db,actor=db', selector: 'role=web' }))
  await waits(gateway, bench, 'named', 'web')
  // it has no label actor, so its default selector accepts its namesake
  const met = await get(at(gateway, bench, { actor: 'web', labels: 'role=db' }))
  t.is(met.text, '{"payloads":{"web":""}}\n', 'two of one name')
  t.is((await web.answer)?.text, met.text)
  await waits(gateway, bench, 'named')
  named.hangUp()
})

each('POST works as GET does, and output=yaml answers in YAML', async (t, bench) => {
  const gateway = await serve(bench)
  const answer = await fetch(`${at(gateway, bench, { actor: 'no', mates: '0', payload: 'on' })}&output=yaml`, {
    method: 'POST',
  })
  t.is(await answer.text(), 'payloads:\n  "no": "on"\n')
  t.is(answer.headers.get('content-type'), 'application/yaml')
})

each('an invalid request is refused with a line of text', async (t, bench) => {
  const gateway = await serve(bench)
  const refused: [Parameters, RegExp][] = [
    [{ event: '', actor: 'a' }, /^empty event: .+\n$/],
    [{}, /^empty actor: .+\n$/],
    [{ actor: 'a', mates: 'one' }, /^mates must be int\n$/],
    [{ actor: 'a', mates: '-1' }, /^mates: expected a whole number from 0 to 63, got -1\n$/],
    [{ actor: 'a', mates: '64' }, /^mates: .* got 64\n$/],
    [{ actor: 'a', labels: 'role' }, /^labels, column 5: .+\n$/],
    [{ actor: 'a', selector: 'role===web' }, /^selector, column 7: .+\n$/],
    [{ actor: 'a b' }, /^actor "a b" is a label's value, column 2: .+\n$/],
  ]
  for (const [parameters, line] of refused) {
    const { status, type, text } = await get(at(gateway, bench, parameters))
    t.deepEqual([status, type], [400, 'text/plain; charset=UTF-8'], text)
    t.regex(text, line)
  }
  t.is((await get(`${gateway.url}/event/?event=x&actor=a`)).status, 404)
  t.deepEqual(await waiting(gateway, bench), {})
})

each('/stats lists the waiting requests of all gateways, in JSON and YAML', async (t, bench) => {
  const [one, other] = await Promise.all([serve(bench), serve(bench)])
  const request = ask(at(one, bench, { actor: 'a', labels: 'zone=eu', selector: 'x', mates: '7', payload: 'on' }))
  await waits(other, bench, 'a')
  const stats = await get(`${other.url}/stats`)
  t.is(stats.type, 'application/json')
  const [[id = '', mine] = []] = Object.entries(JSON.parse(stats.text)[bench.name].a)
  const { params, created_at } = mine as { params: object; created_at: string }
  t.deepEqual(params, {
    ...{ event: bench.name, actor: 'a', payload: 'on' },
    ...{ labels: { zone: 'eu' }, selector: 'x', mates: 7 },
  })
  t.regex(created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  t.true(Math.abs(Date.parse(created_at) - Date.now()) < 60_000)
  const yaml = await get(`${other.url}/stats?output=yaml`)
  t.is(yaml.type, 'application/yaml')
  t.regex(yaml.text, /payload: "on"\n/, 'quoted, because YAML 1.1 reads it as a boolean')
  t.deepEqual(parse(yaml.text)[bench.name].a[id].params, params)
  request.hangUp()
})

each('a client that disconnects leaves at once and is not matched', async (t, bench) => {
  const gateway = await serve(bench)
  const gone = [ask(at(gateway, bench, { actor: 'gone-1' })), ask(at(gateway, bench, { actor: 'late', mates: '9' }))]
  await waits(gateway, bench, 'gone-1', 'late')
  for (const { hangUp } of gone) hangUp()
  await waits(gateway, bench) // long before its lease could expire
  const stays = ask(at(gateway, bench, { actor: 'stays' }))
  await waits(gateway, bench, 'stays')
  t.is((await get(at(gateway, bench, { actor: 'comes' }))).text, '{"payloads":{"comes":"","stays":""}}\n')
  t.is((await stays.answer)?.status, 200)
})

each('a match stands if a member disconnects at the same moment', async (t, bench) => {
  const [one, other] = await Promise.all([serve(bench), serve(bench)])
  const a = ask(at(one, bench, { actor: 'a' }))
  await waits(other, bench, 'a')
  // while it is stopped, its client is matched and disconnects; it learns of both after SIGCONT
  one.sera.kill('SIGSTOP')
  t.is((await get(at(other, bench, { actor: 'b' }))).text, '{"payloads":{"a":"","b":""}}\n')
  a.hangUp()
  one.sera.kill('SIGCONT')
  await until('it has met', () => one.sera.stdout.includes('└ match'))
  t.false(one.sera.stdout.includes('stopped'))
  const c = ask(at(other, bench, { actor: 'c' }))
  await waits(other, bench, 'c')
  c.hangUp()
})

each('clients of two gateways and of sera rendezvous meet', async (t, bench) => {
  const [one, other] = await Promise.all([serve(bench), serve(bench)])
  const a = ask(at(one, bench, { actor: 'a', mates: '2', payload: '1' }))
  const b = ask(at(other, bench, { actor: 'b', mates: '2', payload: '2' }))
  await waits(one, bench, 'a', 'b')
  const { stdout } = await bench.sub(['sync', '--actor', 'c', '--mates', '2', bench.name]).ended()
  const met = JSON.parse(stdout).members.map(({ actor }: { actor: string }) => actor)
  t.deepEqual(met.toSorted(), ['a', 'b', 'c'])
  for (const { answer } of [a, b]) t.is((await answer)?.text, '{"payloads":{"a":"1","b":"2","c":""}}\n')
})

each('sera status shows a waiting client', async (t, bench) => {
  const gateway = await serve(bench)
  const a = ask(at(gateway, bench, { actor: 'a' }))
  await waits(gateway, bench, 'a')
  const { stdout } = await bench.sub(['status', 'rendezvous', bench.name]).ended()
  t.regex(stdout, /waits +\S+ +127\.0\.0\.1 +as a .*\/event/)
  a.hangUp()
})

each('a gateway that shuts down answers 503, and its clients are not matched', async (t, bench) => {
  const [ends, stays] = await Promise.all([serve(bench), serve(bench)])
  const a = ask(at(ends, bench, { actor: 'a' }))
  await waits(stays, bench, 'a')
  ends.sera.kill('SIGTERM')
  t.is((await a.answer)?.status, 503)
  t.is(await ends.sera.exited, 0)
  t.deepEqual(await waiting(stays, bench), {})
})

each('clients of a killed gateway are not matched; those of another are', async (t, bench) => {
  const lease = ['--lease', '5s']
  const [killed, stays] = await Promise.all([serve(bench, lease), serve(bench, lease)])
  const gone = ask(at(killed, bench, { actor: 'gone', mates: '2' }))
  const waitingOn = ask(at(stays, bench, { actor: 'a', mates: '2' }))
  await waits(stays, bench, 'a', 'gone')
  killed.sera.kill('SIGKILL')
  t.is(await gone.answer, undefined)
  await waits(stays, bench, 'a')
  const b = ask(at(stays, bench, { actor: 'b' }))
  await waits(stays, bench, 'a', 'b')
  t.is((await get(at(stays, bench, { actor: 'c' }))).text, '{"payloads":{"a":"","b":"","c":""}}\n')
  t.deepEqual([(await waitingOn.answer)?.status, (await b.answer)?.status], [200, 200])
})
