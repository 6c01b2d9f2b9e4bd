import { remoteOwner } from '../../src/claims/owner.js'
import type { Session } from '../../src/claims/session.js'
import { Pool, type PoolLimits } from '../../src/primitives/pool.js'
import { until } from '../support/until.js'
import { type ContractHarness, contract, OUTLIVE, SHORT_LEASE_MS, waiting } from './harness.js'

const FOREVER = Number.POSITIVE_INFINITY

/** A pool at its own gateway session. */
function at(bench: ContractHarness, limits: Partial<PoolLimits> | (() => PoolLimits | undefined) = {}, options = {}) {
  const { session, die, sera } = bench.mortal(options)
  const known = typeof limits === 'function' ? limits : () => ({ maxLocks: 1, expireMs: FOREVER, ...limits })
  const pool = new Pool(session, bench.name, known)
  const get = (host: string, wait: number | string = 0, signal?: AbortSignal) =>
    pool.acquire(host, remoteOwner(host, 'test'), { wait, signal })
  return { pool, get, die, sera, session }
}

const REFUSED = { kind: 'timed-out' }

/** Delays the answers of the gateway's steps from the first grant on, until the test calls `go`. */
function slow({ session: { store } }: { session: Session }) {
  const step = store.step.bind(store)
  let isGranted = false
  let mayGo = false
  store.step = async (...call) => {
    const result = await step(...call)
    isGranted ||= result.mine?.state === 'granted'
    if (isGranted) await until('the test calls go', () => mayGo)
    return result
  }
  return {
    granted: () => until('it is granted', () => isGranted),
    go() {
      mayGo = true
    },
  }
}

contract('at most maxLocks hosts hold a pool; a holder that asks again gets the same token', async (t, bench) => {
  const { pool, get } = at(bench, { maxLocks: 2 })
  const [a, b] = [await get('a'), await get('b')]
  t.true(b.token > a.token)
  t.deepEqual(await get('a'), a)
  t.like(await t.throwsAsync(get('c')), REFUSED)
  t.is((await pool.release('a'))?.token, a.token)
  t.is(await pool.release('a'), undefined, 'it no longer holds it')
  const c = await get('c')
  t.true(c.token > b.token)
  await Promise.all([pool.release('b'), pool.release('c')])
})

contract('waiters at different gateways get the pool in order of arrival', async (t, bench) => {
  const [one, other] = [at(bench), at(bench)]
  await one.get('first')
  const order: string[] = []
  const waits = ['b', 'c', 'd', 'e'].map(async (host, index) => {
    await until('the earlier hosts wait', async () => (await waiting(one.pool, index)).length === index)
    const { pool, get } = index % 2 ? one : other
    await get(host, '1m')
    order.push(host)
    await pool.release(host)
  })
  await waiting(one.pool, waits.length)
  await other.pool.release('first')
  await Promise.all(waits)
  t.deepEqual(order, ['b', 'c', 'd', 'e'])
})

contract('concurrent waiters get the pool in order of arrival, each once', async (t, bench) => {
  const { pool, get } = at(bench)
  await get('first')
  const order: number[] = []
  const waits = Array.from({ length: 60 }, async (_, index) => {
    await get(`h${index}`, '2m')
    order.push(index)
    await pool.release(`h${index}`)
  })
  await waiting(pool, 60)
  await pool.release('first')
  await Promise.all(waits)
  t.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  )
  t.is(order.length, 60)
})

contract('a holder keeps the pool when its gateway ends, and can release it at any gateway', async (t, bench) => {
  const gone = at(bench)
  const { token } = await gone.get('a')
  await gone.sera.close()
  const { pool, get } = at(bench)
  t.like(await t.throwsAsync(get('b')), REFUSED)
  t.is((await get('a')).token, token)
  t.is((await pool.release('a'))?.token, token)
})

contract('a pool is free when its time is over', async (t, bench) => {
  const { pool, get } = at(bench, { expireMs: 3000 })
  const startedAt = performance.now()
  t.is((await get('a')).leftMs, 3000)
  const { leftMs } = await get('a')
  t.true(leftMs > 0 && leftMs < 3000, 'a repeated request does not renew')
  await get('b', '1m')
  t.true(performance.now() - startedAt > 2990)
  t.is(await pool.release('a'), undefined)
  await pool.release('b')
})

contract('a renewal keeps the pool; without the current grant it fails', async (t, bench) => {
  const { pool, get } = at(bench, { expireMs: 4000 })
  const { token } = await get('a')
  const renewedUntil = performance.now() + 6000
  while (performance.now() < renewedUntil) {
    t.deepEqual(await pool.renew('a', token), { token, leftMs: 4000 })
    t.like(await t.throwsAsync(get('b', '300ms')), REFUSED)
  }
  t.is(await pool.renew('a', token - 1), undefined)
  t.is(await pool.renew('b', token), undefined)
  await get('b', '1m')
  t.is(await pool.renew('a', token), undefined)
  await pool.release('b')
})

contract('a waiter that disconnects leaves the queue at once', async (t, bench) => {
  const { pool, get } = at(bench)
  await get('a')
  const connection = new AbortController()
  const cancelled = get('b', 'forever', connection.signal)
  await waiting(pool, 1)
  connection.abort(new Error('disconnected'))
  await t.throwsAsync(cancelled, { message: 'disconnected' })
  await waiting(pool, 0)
  await pool.release('a')
})

contract('waiters at a dead gateway do not block the others', async (t, bench) => {
  const { pool, get } = at(bench)
  await get('a')
  const mortal = at(bench, {}, { leaseMs: SHORT_LEASE_MS })
  for (const host of ['b', 'c', 'd']) void mortal.get(host, 'forever').catch(() => {})
  await waiting(pool, 3)
  mortal.die()
  const last = get('e', OUTLIVE.wait)
  await pool.release('a')
  t.true((await last).token > 0)
  await pool.release('e')
})

contract('changed limits apply during a wait; a removed pool is a conflict', async (t, bench) => {
  let limits: PoolLimits | undefined = { maxLocks: 1, expireMs: FOREVER }
  const { pool, get } = at(bench, () => limits)
  await get('a')
  const second = get('b', '1m')
  const third = t.throwsAsync(get('c', '1m'))
  await waiting(pool, 2)
  limits = { maxLocks: 2, expireMs: FOREVER }
  await second
  limits = undefined
  t.like(await third, { kind: 'conflict' })
  await Promise.all([pool.release('a'), pool.release('b')])
})

contract('a repeated request replaces the host’s claim at a dead gateway', async (t, bench) => {
  const { pool, get } = at(bench)
  await get('a')
  const mortal = at(bench, {}, { leaseMs: 3_600_000 })
  void mortal.get('b', 'forever').catch(() => {})
  await waiting(pool, 1)
  mortal.die()
  const anew = get('b', '1m')
  await waiting(pool, 2)
  await pool.release('a')
  t.true((await anew).token > 0)
  await waiting(pool, 0)
  await pool.release('b')
})

contract('a client that disconnects at its grant gives the pool back, unless notified elsewhere', async (t, bench) => {
  for (const asksElsewhere of [false, true]) {
    const [one, other] = [at(bench), at(bench)]
    const { granted, go } = slow(one)
    const end = new AbortController()
    const waits = one.get('a', '1m', end.signal)
    await granted()
    if (asksElsewhere) await other.get('a')
    end.abort('disconnected')
    go()
    t.is(await waits.catch(reason => reason), 'disconnected')
    if (asksElsewhere) t.like(await t.throwsAsync(other.get('b')), REFUSED)
    else await other.get('b')
    await Promise.all([other.pool.release('a'), other.pool.release('b')])
  }
})

contract('two waiting requests of a host both get its grant', async (t, bench) => {
  const { pool, get } = at(bench)
  await get('first')
  const older = get('a', '1m')
  await waiting(pool, 1)
  const between = get('b', '1m')
  await waiting(pool, 2)
  const younger = get('a', '1m')
  await waiting(pool, 3)
  await pool.release('first')
  t.is((await younger).token, (await older).token)
  await pool.release('a')
  await between
  await pool.release('b')
})

contract('a holder above a lowered maxLocks can still release the pool', async (t, bench) => {
  let maxLocks = 60
  const { pool, get } = at(bench, () => ({ maxLocks, expireMs: FOREVER }))
  const hosts = Array.from({ length: 60 }, (_, index) => `h${index}`)
  for (const host of hosts) await get(host)
  maxLocks = 1
  for (const host of hosts.toReversed()) t.truthy(await pool.release(host), host)
})
