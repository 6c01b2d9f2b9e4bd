import { until } from '../../support/until.js'
import { type ApiHarness, newKey, onEach } from './harness.js'

const claims = (bench: ApiHarness) => bench.database.rows('SELECT state FROM sera_claim').catch(() => [])

onEach('what was added is not added again when the answer got lost', async (t, { gateway }) => {
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

onEach('what is remembered of an operation is taken away in the end', async (t, bench) => {
  const one = await bench.gateway({ leaseMs: 2000 })
  await one.post('/v1/counters/c/add', { delta: 5 }, { key: newKey() })
  t.is((await claims(bench)).length, 1)
  await until('nothing is left', async () => (await claims(bench)).length === 0)
})

onEach('what is taken waits until it is covered; who hangs up takes nothing', async (t, bench) => {
  const one = await bench.gateway()
  const hangUp = new AbortController()
  const gone = one.post('/v1/counters/c/add', { delta: -1 }, { key: newKey(), signal: hangUp.signal })
  await until('it waits', async () => (await claims(bench)).length === 1)
  hangUp.abort()
  await t.throwsAsync(gone, { any: true })
  await until('it is gone', async () => (await claims(bench)).length === 0)
  const taken = one.post('/v1/counters/c/add', { delta: -1 })
  await until('it waits', async () => (await claims(bench)).length === 1)
  await one.post('/v1/counters/c/add', { delta: 3 })
  t.is((await taken).body.value, 2)
})

onEach('all go when as many have arrived, and an arrival counts once', async (t, { gateway }) => {
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

onEach('who has arrived with a tag and a key, and arrives with the tag again, waits again', async (t, { gateway }) => {
  const one = await gateway()
  const arrive = (tag: string, wait: string) =>
    one.post('/v1/barriers/b/arrive', { count: 2, tag, wait }, { key: newKey() })
  t.deepEqual(
    (await Promise.all([arrive('a', '20s'), arrive('b', '20s')])).map(({ status }) => status),
    [200, 200],
  )
  t.is((await arrive('a', '0')).status, 408)
})

onEach('a gate holds up whoever waits, until it is opened', async (t, bench) => {
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

onEach('those who suit each other meet, once, and who asks again is told again', async (t, { gateway }) => {
  const [one, other] = [await gateway(), await gateway()]
  const [mine, theirs] = [newKey(), newKey()]
  const web = { actor: 'web', labels: { role: 'web' }, selector: 'role=db' }
  const db = { actor: 'db', labels: { role: 'db' }, selector: 'role=web', payload: 'db-1:3306' }
  const first = one.post('/v1/rendezvous/deploy', web, { key: mine })
  const second = await other.post('/v1/rendezvous/deploy', db, { key: theirs })
  t.deepEqual((await first).body, second.body)
  const told = second.body.members.map(({ actor, payload }: Record<string, unknown>) => [actor, payload])
  t.deepEqual(Object.fromEntries(told), { web: null, db: 'db-1:3306' })
  t.deepEqual((await other.post('/v1/rendezvous/deploy', web, { key: mine })).body, second.body)
  t.deepEqual((await one.post('/v1/rendezvous/deploy', db, { key: theirs })).body, second.body)
})

onEach('a double barrier lets in together and out together', async (t, { gateway }) => {
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

onEach('whose claim is taken away while the others have not finished has left', async (t, bench) => {
  const [one, other] = [await bench.gateway(), await bench.gateway()]
  const enter = '/v1/double-barriers/d/claims'
  const [first] = await Promise.all([one, other].map(each => each.post(enter, { count: 2 })))
  const leaving = one.post(`${enter}/${first?.body.id}/leave`)
  await until('it leaves', async () => (await claims(bench)).some(({ state }) => state === 'leaving'))
  await other.delete(`/v1/claims/${first?.body.id}`)
  t.is((await leaving).body.state, 'left')
})

onEach('what has to be done once is done by one, and the others are told how', async (t, { gateway }) => {
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
  t.deepEqual([early.status, early.body.kind], [409, 'conflict'], 'it still waits')
  t.is((await one.get(`/v1/claims/${second}`)).body.state, 'waiting', 'and keeps its place')
  const recorded = await other.post(finish, end)
  t.deepEqual([recorded.status, recorded.body.value, recorded.body.label], [200, { pages: 3 }, 'print'])
  t.deepEqual((await one.post(finish, end)).body, recorded.body)
  const { id: _, ...run } = recorded.body
  for (const { body } of [await waits, await one.post(path, {})]) t.like(body, run)
  t.is((await one.post(`${path}/${newKey()}/finish`, end)).status, 410)
})

onEach(
  'a run that has failed is told to those who waited for it, and tried again by who comes later',
  async (t, { gateway }) => {
    const one = await gateway()
    const path = '/v1/once/broken/claims'
    const mine = await one.post(path, {})
    const key = newKey()
    t.is((await one.post(path, { wait: '1ms' }, { key })).status, 202)
    await one.post(`${path}/${mine.body.id}/finish`, { exitCode: 3, message: 'no paper' })
    const told = (await one.post(path, {}, { key })).body
    t.deepEqual([told.state, told.exitCode, told.message], ['done', 3, 'no paper'])
    t.is((await one.post(path, {})).body.state, 'granted')
  },
)

onEach('a key that closed a gate does nothing else there, and is no holder', async (t, { gateway }) => {
  const one = await gateway()
  const key = newKey()
  const gate = '/v1/gates/g'
  for (let times = 0; times < 2; times++) t.is((await one.post(`${gate}/close`, {}, { key })).status, 200)
  t.is((await one.post(`${gate}/wait`, { wait: '0' }, { key })).status, 409)
  t.is((await one.post(`${gate}/open`, {}, { key })).status, 409)
  t.is((await one.post(`${gate}/wait`, { wait: '0' })).status, 408)
})
