import { until } from '../../support/until.js'
import { type ApiHarness, newKey, onEach } from './harness.js'

const claims = (bench: ApiHarness) => bench.database.rows('SELECT state FROM sera_claim').catch(() => [])

onEach('a repeated add with the same key adds once', async (t, { gateway }) => {
  const [one, other] = [await gateway(), await gateway()]
  const key = newKey()
  const add = '/v1/counters/c/add'
  t.is((await one.post(add, { delta: 5 }, { key })).body.value, 5)
  t.is((await one.post(add, { delta: 2 })).body.value, 7)
  t.is((await other.post(add, { delta: 5 }, { key })).body.value, 5)
  t.deepEqual((await other.get('/v1/counters/c')).body, { kind: 'counter', name: 'c', value: 7 })
  t.is((await other.post(add, { delta: 6 }, { key })).status, 409)
  t.is((await other.post(add, { delta: -8, wait: '0' })).status, 408)
})

onEach('the record of an operation is deleted after a while', async (t, bench) => {
  const one = await bench.gateway({ leaseMs: 2000 })
  await one.post('/v1/counters/c/add', { delta: 5 }, { key: newKey() })
  t.is((await claims(bench)).length, 1)
  await until('nothing is left', async () => (await claims(bench)).length === 0)
})

onEach('a negative add waits for the value; a disconnected client takes nothing', async (t, bench) => {
  const one = await bench.gateway()
  const hangUp = new AbortController()
  const gone = one.post('/v1/counters/c/add', { delta: -1 }, { key: newKey(), signal: hangUp.signal })
  await until('it waits', async () => (await claims(bench)).length === 1)
  hangUp.abort()
  await t.throwsAsync(gone, { any: true })
  await until('it has left the queue', async () => (await claims(bench)).length === 0)
  const taken = one.post('/v1/counters/c/add', { delta: -1 })
  await until('it waits', async () => (await claims(bench)).length === 1)
  await one.post('/v1/counters/c/add', { delta: 3 })
  t.is((await taken).body.value, 2)
})

onEach('a barrier opens when enough have arrived, and an arrival counts once', async (t, { gateway }) => {
  const [one, other] = [await gateway(), await gateway()]
  const path = '/v1/barriers/b/arrive'
  const first = one.post(path, { count: 2, tag: 'a' })
  const key = newKey()
  const second = other.post(path, { count: 2 }, { key })
  t.deepEqual(
    [(await first).body, (await second).body],
    [
      { kind: 'barrier', name: 'b', generation: 1 },
      { kind: 'barrier', name: 'b', generation: 1 },
    ],
  )
  t.is((await one.post(path, { count: 2, wait: '0' }, { key })).body.generation, 1)
  t.is((await one.post(path, { count: 2, wait: '1ms', tag: 'a' })).status, 408)
  const waits = one.post(path, { count: 3, wait: '1s' })
  t.is((await waits).body.kind, 'timed-out')
  const late = { count: 1, singleUse: true }
  t.is((await one.post('/v1/barriers/once/arrive', late)).status, 200)
  t.is((await one.post('/v1/barriers/once/arrive', late)).status, 409)
})

onEach('a second arrival with the same tag waits for the next generation', async (t, { gateway }) => {
  const one = await gateway()
  const arrive = (tag: string, wait: string) =>
    one.post('/v1/barriers/b/arrive', { count: 2, tag, wait }, { key: newKey() })
  t.deepEqual(
    (await Promise.all([arrive('a', '20s'), arrive('b', '20s')])).map(({ status }) => status),
    [200, 200],
  )
  t.is((await arrive('a', '0')).status, 408)
})

onEach('a closed gate blocks waiters until it is opened', async (t, bench) => {
  const [one, other] = [await bench.gateway(), await bench.gateway()]
  const key = newKey()
  t.is((await one.post('/v1/gates/g/close', { for: '1h' }, { key })).status, 200)
  t.is((await other.post('/v1/gates/g/close', {}, { key })).status, 200)
  t.is((await other.post('/v1/gates/g/close', {})).body.kind, 'conflict')
  const waits = other.post('/v1/gates/g/wait', {})
  await until('it waits', async () => (await claims(bench)).some(({ state }) => state === 'waiting'))
  t.deepEqual((await one.post('/v1/gates/g/open')).body, { kind: 'gate', name: 'g' })
  t.is((await waits).status, 200)
  t.is((await one.post('/v1/gates/g/wait', { wait: '0' })).status, 200)
})

onEach('participants that accept each other meet once, and a repeat gets the same answer', async (t, { gateway }) => {
  const [one, other] = [await gateway(), await gateway()]
  const [mine, theirs] = [newKey(), newKey()]
  const web = { actor: 'web', labels: { role: 'web' }, selector: 'role=db' }
  const db = { actor: 'db', labels: { role: 'db' }, selector: 'role=web', payload: 'db-1:3306' }
  const first = one.post('/v1/rendezvous/deploy', web, { key: mine })
  const second = await other.post('/v1/rendezvous/deploy', db, { key: theirs })
  t.deepEqual((await first).body, second.body)
  const result = second.body.members.map(({ actor, payload }: Record<string, unknown>) => [actor, payload])
  t.deepEqual(Object.fromEntries(result), { web: null, db: 'db-1:3306' })
  t.deepEqual((await other.post('/v1/rendezvous/deploy', web, { key: mine })).body, second.body)
  t.deepEqual((await one.post('/v1/rendezvous/deploy', db, { key: theirs })).body, second.body)
})

onEach('participants of a double barrier enter and leave together', async (t, { gateway }) => {
  const [one, other] = [await gateway(), await gateway()]
  const enter = '/v1/double-barriers/d/claims'
  const key = newKey()
  const [first, second] = await Promise.all([one.post(enter, { count: 2 }, { key }), other.post(enter, { count: 2 })])
  t.deepEqual([first.status, second.status], [200, 200])
  t.deepEqual([first.body.generation, second.body.generation], [1, 1])
  const leave = (id: string) => `${enter}/${id}/leave`
  const early = await one.post(leave(first.body.id), { wait: '1ms' })
  t.deepEqual([early.status, early.body.state], [202, 'leaving'])
  t.is((await other.post(enter, { count: 2 }, { key })).body.state, 'leaving')
  t.is((await one.post(enter, { count: 2, wait: '0' })).status, 408)
  const waits = other.post(leave(first.body.id))
  t.is((await one.post(leave(second.body.id))).body.state, 'left')
  t.is((await waits).body.state, 'left')
  t.is((await one.post(leave(first.body.id))).body.state, 'left')
})

onEach('a claim that is deleted while it leaves has left', async (t, bench) => {
  const [one, other] = [await bench.gateway(), await bench.gateway()]
  const enter = '/v1/double-barriers/d/claims'
  const [first] = await Promise.all([one, other].map(each => each.post(enter, { count: 2 })))
  const leaving = one.post(`${enter}/${first?.body.id}/leave`)
  await until('it leaves', async () => (await claims(bench)).some(({ state }) => state === 'leaving'))
  await other.delete(`/v1/claims/${first?.body.id}`)
  t.is((await leaving).body.state, 'left')
})

onEach('one client does the work, and the others get its result', async (t, { gateway }) => {
  const [one, other] = [await gateway(), await gateway()]
  const path = '/v1/once/invoice/claims'
  const mine = await one.post(path, { label: 'print' })
  t.is(mine.body.state, 'granted')
  const waits = other.post(path, {})
  const finish = `${path}/${mine.body.id}/finish`
  const end = { exitCode: 0, value: { pages: 3 } }
  const second = newKey()
  t.is((await one.post(path, { wait: '1ms' }, { key: second })).status, 202)
  const early = await one.post(`${path}/${second}/finish`, end)
  t.deepEqual([early.status, early.body.kind], [409, 'conflict'], 'not granted yet')
  t.is((await one.get(`/v1/claims/${second}`)).body.state, 'waiting', 'and keeps its place')
  const recorded = await other.post(finish, end)
  t.deepEqual([recorded.status, recorded.body.value, recorded.body.label], [200, { pages: 3 }, 'print'])
  t.deepEqual((await one.post(finish, end)).body, recorded.body)
  const { id: _, ...run } = recorded.body
  for (const { body } of [await waits, await one.post(path, {})]) t.like(body, run)
  t.is((await one.post(`${path}/${newKey()}/finish`, end)).status, 410)
})

onEach('clients that waited get a failure; a later client runs again', async (t, { gateway }) => {
  const one = await gateway()
  const path = '/v1/once/broken/claims'
  const mine = await one.post(path, {})
  const key = newKey()
  t.is((await one.post(path, { wait: '1ms' }, { key })).status, 202)
  await one.post(`${path}/${mine.body.id}/finish`, { exitCode: 3, message: 'no paper' })
  const result = (await one.post(path, {}, { key })).body
  t.deepEqual([result.state, result.exitCode, result.message], ['done', 3, 'no paper'])
  t.is((await one.post(path, {})).body.state, 'granted')
})

onEach('a key that closed a gate does nothing else there and holds nothing', async (t, { gateway }) => {
  const one = await gateway()
  const key = newKey()
  const gate = '/v1/gates/g'
  for (let times = 0; times < 2; times++) t.is((await one.post(`${gate}/close`, {}, { key })).status, 200)
  t.is((await one.post(`${gate}/wait`, { wait: '0' }, { key })).status, 409)
  t.is((await one.post(`${gate}/open`, {}, { key })).status, 409)
  t.is((await one.post(`${gate}/wait`, { wait: '0' })).status, 408)
})
