import fc from 'fast-check'
import { writeHistory } from '../../../src/store/tables/history.js'
import { deadline } from '../../store/database.js'
import { sharedServers } from '../../support/servers.js'
import { test } from '../../support/turns.js'
import { documented } from './document.js'
import { apiBench, newKey } from './harness.js'

const [server] = sharedServers() as [ReturnType<typeof sharedServers>[number]]
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

type Security = Record<string, string[]>[]

interface Described {
  info: { license: { url: string } }
  servers: object[]
  security: Security
  components: { securitySchemes: object }
  paths: Record<string, Record<string, { operationId: string; security?: Security }>>
}

const RAN = {
  key: { kind: 'mutex', name: 'it' },
  token: '1',
  outcome: 'ran',
  exitCode: 0,
  waitedMs: 5,
  ranMs: 10,
}

/** A valid body for each operation. */
const BODIES: Record<string, object> = {
  rwlocks: { mode: 'read' },
  semaphores: { permits: 1 },
  'double-barriers': { count: 1 },
  leave: {},
  finish: { exitCode: 0 },
  add: { delta: 1 },
  arrive: { count: 1 },
  rendezvous: { actor: 'me', mates: 0 },
}

test('every documented operation exists and answers as documented', async t => {
  const bench = await apiBench(t, server)
  const one = await bench.gateway()
  await writeHistory(bench.database.open(bench.dsn), RAN, 60_000, deadline())
  const { operations } = documented((await one.get('/v1/openapi.json')).body)
  t.true(operations.length >= 20)
  for (const operation of operations.filter(each => !each.endsWith('/v1/watch'))) {
    const [method = '', template = ''] = operation.split(' ')
    const path = template.replace('{name}', 'it').replace('{id}', newKey())
    const word = Object.keys(BODIES).findLast(each => template.includes(each))
    const ask = {
      GET: () => one.get(path),
      DELETE: () => one.delete(path),
      POST: () => one.post(path, BODIES[word ?? ''] ?? {}),
    }
    const { status } = await ask[method as keyof typeof ask]()
    const isThere = template.includes('{id}') ? [200, 204, 410].includes(status) : status === 200
    t.true(isThere, `${operation}: ${status}`)
  }
})

test('the document has servers, security schemes and unique operation ids', async t => {
  const one = await (await apiBench(t, server)).gateway()
  const document = (await one.get('/v1/openapi.json')).body as Described
  t.true(document.servers.length > 0)
  t.truthy(document.info.license.url)
  const schemes = Object.keys(document.components.securitySchemes)
  const operations = Object.values(document.paths).flatMap(item => Object.values(item))
  const wanted = [document.security, ...operations.map(({ security = document.security }) => security)].flat()
  for (const requirement of wanted) for (const name of Object.keys(requirement)) t.true(schemes.includes(name), name)
  t.true(wanted.some(requirement => 'bearer' in requirement))
  const ids = operations.map(({ operationId }) => operationId)
  t.is(new Set(ids).size, operations.length, ids.join())
  for (const id of ids) t.regex(id, /^(get|post|delete)[A-Z][A-Za-z]+$/)
})

test('another method on a path gets 405 with Allow, an unknown path 404', async t => {
  const one = await (await apiBench(t, server)).gateway()
  const { operations } = documented((await one.get('/v1/openapi.json')).body)
  const paths = new Set(operations.map(operation => operation.split(' ')[1] as string))
  for (const path of paths) {
    const allowed = METHODS.filter(method => operations.includes(`${method} ${path}`))
    for (const method of METHODS.filter(each => !allowed.includes(each))) {
      const answer = await fetch(one.url + path.replace('{name}', 'a').replace('{id}', newKey()), { method })
      t.is(answer.status, 405, `${method} ${path}`)
      t.is(answer.headers.get('allow'), allowed.join(', '))
      t.is(answer.headers.get('content-type'), 'application/problem+json')
    }
  }
  t.is((await fetch(`${one.url}/v1/nothing`)).status, 404)
})

test('an invalid request is refused with the name of the field', async t => {
  const one = await (await apiBench(t, server)).gateway()
  const refused = async (path: string, body: unknown, key?: string) => {
    const { status, body: problem } = await one.post(path, body, key === undefined ? {} : { key })
    t.deepEqual([status, problem.kind, problem.type], [400, 'usage', 'about:blank'])
    return problem.detail
  }
  t.regex(await refused('/v1/mutexes/a/claims', { wait: 5 }), /^wait: /)
  t.regex(await refused('/v1/mutexes/a/claims', { lease: '0.5s' }), /^lease: expected a duration .*from 1s to 1d$/)
  t.regex(await refused('/v1/mutexes/a/claims', { laese: '5s' }), /laese/)
  const torn = await fetch(`${one.url}/v1/mutexes/a/claims`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{bad',
  })
  t.like(await torn.json(), { status: 400, kind: 'usage' })
  t.regex(await refused('/v1/mutexes/a/claims', {}, 'mine'), /^idempotency-key: expected a UUID$/)
  t.regex(await refused('/v1/mutexes/a%00b/claims', {}), /^name: .*control character/)
  t.regex(await refused(`/v1/mutexes/${'x'.repeat(256)}/claims`, {}), /^name: .*256 characters/)
  t.regex(await refused('/v1/semaphores/a/claims', undefined), /^permits: /)
  t.regex(await refused('/v1/semaphores/a/claims', { permits: 1.5, units: 0 }), /^permits: .*; units: /)
  t.regex(await refused('/v1/rwlocks/a/claims', { mode: 'own' }), /^mode: /)
  t.regex(await refused('/v1/rendezvous/e', { actor: 'a', selector: '((' }), /selector/)
})

test('bodies that are not JSON or too large are refused', async t => {
  const one = await (await apiBench(t, server)).gateway()
  const post = (body: string, type = 'application/json') =>
    fetch(`${one.url}/v1/mutexes/a/claims`, { method: 'POST', body, headers: { 'Content-Type': type } })
  const answers = [
    await post('{'),
    await post('a=b', 'text/plain'),
    await post(JSON.stringify({ label: 'x'.repeat(70_000) })),
  ]
  t.deepEqual(
    answers.map(({ status }) => status),
    [400, 415, 413],
  )
  for (const answer of answers) t.is(answer.headers.get('content-type'), 'application/problem+json')
})

test('names may be any text: a slash, a percent sign, an umlaut', async t => {
  const one = await (await apiBench(t, server)).gateway()
  const names = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    .filter(text => !/^\.{1,2}$|[\p{Cc}\p{Cs}]/u.test(text))
  const check = async (name: string) => {
    const { status, body } = await one.post(`/v1/gates/${encodeURIComponent(name)}/wait`)
    t.deepEqual([status, body.name], [200, name])
  }
  for (const name of ['a/b', 'a%2Fb', '%', 'ü', ' ', '+', '{name}', ':name', '*', '日本', 'a?b#c']) await check(name)
  await fc.assert(fc.asyncProperty(names, check), { numRuns: 50 })
})

test('random requests get a documented answer and never 500', async t => {
  const one = await (await apiBench(t, server)).gateway()
  const { body: document } = await one.get('/v1/openapi.json')
  const operations = documented(document).operations.filter(operation => operation.startsWith('POST'))
  const fields = new Set(JSON.stringify(document).match(/(?<=")\w+(?=":\{"type")/g))
  const plausible = fc.constantFrom(
    '0',
    '1s',
    'read',
    'a',
    1,
    2,
    -1,
    true,
    null,
    { a: 'b' },
    ['x'],
    'actor=a',
    1e300,
    '\ud800',
  )
  const record = fc.dictionary(
    fc.constantFrom(...fields),
    fc.oneof(plausible, fc.json(), fc.string({ unit: 'binary' })),
  )
  const bodies = fc.oneof(
    record,
    record.map(given => ({ permits: 1, count: 1, delta: 1, actor: 'a', mode: 'read', ...given })),
  )
  const asked = fc.tuple(fc.constantFrom(...operations), bodies, fc.option(fc.constantFrom(newKey(), newKey())))
  const ask = async ([operation, body, key]: [string, object, string | null]) => {
    const path = operation
      .slice(5)
      .replace('{name}', 'it')
      .replace('{id}', key ?? newKey())
    const known = Object.keys(
      document.paths[operation.slice(5)].post.requestBody?.content['application/json'].schema.properties ?? {},
    )
    const given = Object.fromEntries(Object.entries({ ...body, wait: '0' }).filter(([name]) => known.includes(name)))
    const { status } = await one.post(path, given, key === null ? {} : { key })
    t.true(status < 500, `${operation} ${JSON.stringify(given)}: ${status}`)
  }
  await fc.assert(fc.asyncProperty(asked, ask), { numRuns: 400, includeErrorInReport: true })
})
