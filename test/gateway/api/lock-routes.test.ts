import { setTimeout as pass } from 'node:timers/promises'
import { Session } from '../../../src/claims/session.js'
import { systemClock, systemRandom } from '../../../src/clock.js'
import { ClientClaims } from '../../../src/gateway/api/client-claims.js'
import { MUTEX, Mutex } from '../../../src/primitives/mutex.js'
import type { NewHistoryEntry } from '../../../src/store/tables/history.js'
import { until } from '../../support/until.js'
import { newKey, onEach } from './harness.js'

const OPTIONS = { clock: systemClock, random: systemRandom, leaseMs: 60_000, graceMs: 0, maxClockSkewMs: 30_000 }
const A = '/v1/mutexes/a/claims'

onEach('a mutex is acquired, renewed and released', async (t, { gateway }) => {
  const one = await gateway()
  const mine = await one.post(A, { lease: '5m', label: 'deploy' })
  t.is(mine.status, 200)
  const { id, token, expiresAt, ...rest } = mine.body
  t.deepEqual(rest, { state: 'granted', kind: 'mutex', name: 'a', leaseMs: 300_000 })
  t.regex(token, /^\d{16}$/)
  t.is(mine.headers.get('location'), `/v1/claims/${id}`)
  t.true(Math.abs(Date.parse(expiresAt) - Date.now() - 300_000) < 10_000)
  const again = await one.post(`/v1/claims/${id}/renew`)
  t.is(again.status, 200)
  t.is(again.body.token, token)
  t.true(again.body.expiresAt > expiresAt)
  t.is((await one.delete(`/v1/claims/${id}`)).status, 204)
  t.is((await one.delete(`/v1/claims/${id}`)).status, 204)
  const late = await one.post(`/v1/claims/${id}/renew`)
  t.deepEqual([late.status, late.body.kind], [410, 'lost'])
})

onEach('a released lock is in the history once; a waiter that left is not', async (t, { gateway }) => {
  const one = await gateway()
  const { body } = await one.post(A, { label: 'deploy' })
  const waits = await one.post(A, { wait: '10ms' })
  t.is(waits.status, 202)
  for (const { id } of [waits.body, body, body]) t.is((await one.delete(`/v1/claims/${id}`)).status, 204)
  t.is(one.remembered.length, 1)
  const [entry] = one.remembered as [NewHistoryEntry]
  const { ranMs = -1 } = entry
  t.like(entry, { key: { kind: 'mutex', name: 'a' }, token: body.token, outcome: 'done', exitCode: 0 })
  t.like(entry.owner, { command: 'deploy' })
  t.true(ranMs >= 0 && ranMs < 60_000)
})

onEach('a repeated request acts once, also at two gateways at the same time', async (t, { gateway, database }) => {
  const [one, other] = [await gateway(), await gateway()]
  const key = newKey()
  const answers = await Promise.all([one, other, one, other].map(each => each.post(A, {}, { key })))
  const later = await other.post(A, {}, { key })
  const granted = [...answers, later].filter(({ status }) => status === 200)
  t.true(granted.length >= 2)
  for (const { status, body } of answers) if (status !== 200) t.deepEqual([status, body.kind], [409, 'conflict'])
  t.is(new Set(granted.map(({ body }) => body.token)).size, 1)
  t.is((await database.rows('SELECT * FROM sera_claim')).length, 1)
})

onEach('a waiter keeps its place in the queue at any gateway', async (t, { gateway }) => {
  const [one, other] = [await gateway(), await gateway()]
  const holder = await one.post(A, {})
  const [first, second] = [newKey(), newKey()]
  t.is((await one.post(A, { wait: '1ms' }, { key: first })).status, 202)
  const behind = await other.post(A, { wait: '1ms' }, { key: second })
  t.deepEqual([behind.status, behind.body.ahead], [202, 2])
  const goesOn = other.post(A, {}, { key: first })
  t.is((await other.delete(`/v1/claims/${holder.body.id}`)).status, 204)
  t.is((await goesOn).status, 200)
  const stillBehind = await one.post(A, { wait: '1ms' }, { key: second })
  t.deepEqual([stillBehind.status, stillBehind.body.ahead], [202, 1])
})

onEach('a later request with the same id replaces the earlier one', async (t, { gateway, database }) => {
  const one = await gateway()
  const holder = await one.post(A, {})
  const key = newKey()
  const older = one.post(A, {}, { key })
  await until('it waits', async () => (await database.rows('SELECT 1 FROM sera_claim')).length === 2)
  const newer = one.post(A, {}, { key })
  t.deepEqual([(await older).status, (await older).body.kind], [409, 'conflict'])
  await one.delete(`/v1/claims/${holder.body.id}`)
  t.is((await newer).status, 200)
})

onEach('a request with wait 0 does not queue', async (t, { gateway, database }) => {
  const one = await gateway()
  await one.post(A, {})
  const tried = await one.post(A, { wait: '0' })
  t.deepEqual([tried.status, tried.body.kind], [408, 'timed-out'])
  t.is((await database.rows('SELECT * FROM sera_claim')).length, 1)
})

onEach('a client that disconnects keeps its place; one that releases loses it', async (t, { gateway, database }) => {
  const one = await gateway()
  const holder = await one.post(A, {})
  const [key, hangUp] = [newKey(), new AbortController()]
  const waits = one.post(A, {}, { key, signal: hangUp.signal })
  const claims = () => database.rows('SELECT state FROM sera_claim ORDER BY ticket').catch(() => [])
  await until('it waits', async () => (await claims()).length === 2)
  hangUp.abort()
  await t.throwsAsync(waits, { any: true })
  await one.delete(`/v1/claims/${holder.body.id}`)
  t.is((await one.post(A, { wait: '0' })).status, 408)
  t.is((await one.delete(`/v1/claims/${key}`)).status, 204)
  t.is((await one.post(A, { wait: '0' })).status, 200)
})

onEach('a place that was released at another gateway is not taken again', async (t, { gateway, database }) => {
  const [one, other] = [await gateway(), await gateway()]
  await one.post(A, {})
  const key = newKey()
  const waits = one.post(A, {}, { key })
  await until('it waits', async () => (await database.rows('SELECT 1 FROM sera_claim')).length === 2)
  await other.delete(`/v1/claims/${key}`)
  t.is((await waits).status, 410)
  t.is((await database.rows('SELECT 1 FROM sera_claim')).length, 1)
})

onEach('when a lease expires, the next waiter is granted and a renewal fails', async (t, { gateway }) => {
  const one = await gateway()
  const first = await one.post(A, { lease: '1s' })
  const second = await one.post(A, { wait: '20s' })
  t.is(second.status, 200)
  t.true(BigInt(second.body.token) > BigInt(first.body.token))
  t.is((await one.post(`/v1/claims/${first.body.id}/renew`)).status, 410)
})

onEach('a grant lasts for a lease after the last renewal was sent', async (t, { gateway }) => {
  const [one, other] = [await gateway(), await gateway()]
  const first = await one.post(A, { lease: '1s' })
  const second = other.post(A, {}).then(answer => ({ answer, at: performance.now() }))
  let sentAt = 0
  for (let times = 0; times < 8; times++) {
    await pass(500)
    sentAt = performance.now()
    t.is((await one.post(`/v1/claims/${first.body.id}/renew`)).status, 200)
  }
  const { answer, at } = await second
  t.is(answer.status, 200)
  t.true(at - sentAt >= 1000)
})

onEach('a waiting claim can’t be renewed, and an id belongs to one request', async (t, { gateway }) => {
  const one = await gateway()
  await one.post(A, {})
  const key = newKey()
  const waits = await one.post(A, { wait: '1ms' }, { key })
  const kept = async () => (await one.get(`/v1/claims/${key}`)).body.keptMs
  const before = await kept()
  t.is((await one.post(`/v1/claims/${key}/renew`)).status, 409)
  t.true((await kept()) <= before)
  t.is(waits.body.id, key)
  t.is((await one.post('/v1/mutexes/b/claims', {}, { key })).status, 409)
})

onEach('a semaphore gives slots, and readers share a read/write lock', async (t, { gateway }) => {
  const one = await gateway()
  const spec = (units = 1) => one.post('/v1/semaphores/s/claims', { permits: 2, units, wait: '0' })
  const [first, second, third] = [await spec(), await spec(), await spec()]
  t.deepEqual([first.body.slot, second.body.slot, third.status], [0, 1, 408])
  t.is((await one.post('/v1/semaphores/s/claims', { permits: 3 })).status, 409)
  t.is((await spec(3)).status, 400)
  const lock = (mode: string) => one.post('/v1/rwlocks/r/claims', { mode, wait: '0' })
  t.deepEqual([(await lock('read')).status, (await lock('read')).status, (await lock('write')).status], [200, 200, 408])
})

onEach('a client that asks again too late loses its place', async (t, { gateway }) => {
  const one = await gateway({ leaseMs: 3000, maxClockSkewMs: 0 })
  const holder = await one.post(A, {})
  const key = newKey()
  const isOver = async () => (await one.get(`/v1/claims/${key}`)).body.keptMs === 0
  await one.post(A, { wait: '1ms' }, { key })
  const behind = one.post(A, { wait: '60s' })
  await until('its time is up', isOver)
  const late = await one.post(A, { wait: '1ms' }, { key })
  t.deepEqual([late.status, late.body.ahead], [202, 1], 'no other claim has overtaken it yet')
  await until('its time is up', isOver)
  await one.delete(`/v1/claims/${holder.body.id}`)
  t.is((await behind).status, 200)
  t.is((await one.get(`/v1/claims/${key}`)).status, 410)
  const anew = await one.post(A, { wait: '1ms' }, { key })
  t.deepEqual([anew.status, anew.body.ahead], [202, 1])
})

onEach('a client can’t renew or release the claim of a process by its id', async (t, { gateway, database, dsn }) => {
  const one = await gateway()
  const session = new Session(database.open(dsn), OPTIONS)
  t.teardown(() => session.close())
  const lock = await new Mutex(session, 'a').acquire()
  const [row] = await database.rows('SELECT id FROM sera_claim')
  const path = `/v1/claims/${String(row?.id).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`
  t.deepEqual([(await one.delete(path)).status, (await one.get(path)).status], [204, 410])
  t.is((await one.post(`${path}/renew`)).status, 410)
  t.is((await one.post(A, { wait: '0' })).status, 408)
  await lock.release()
})

onEach('a grant that another gateway has just made is not repeated', async (t, { database, dsn }) => {
  const tables = database.open(dsn)
  const session = new Session(tables, OPTIONS)
  t.teardown(() => session.close())
  const claims = new ClientClaims({ session, tables, clock: systemClock, remember: () => {} })
  const wanted = { id: 'a'.repeat(32), key: { kind: 'mutex', name: 'a' }, spec: {}, policy: MUTEX }
  const spec = () => claims.acquire({ ...wanted, leaseMs: 60_000, waitMs: 1000 }, new AbortController().signal)
  const first = await spec()
  claims.known = async () => undefined // as if the claim was read before its grant
  t.is((await spec()).claim?.token, first.claim?.token)
  t.like(await database.rows('SELECT granted_token FROM sera_resource'), [{ granted_token: first.claim?.token }])
})
