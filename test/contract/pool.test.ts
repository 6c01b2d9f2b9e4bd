import { remoteOwner } from '../../src/claims/owner.js'
import type { Session } from '../../src/claims/session.js'
import { Pool, type PoolLimits } from '../../src/primitives/pool.js'
import { until } from '../support/until.js'
import { type ContractHarness, contract, OUTLIVE, SHORT_LEASE_MS, waiting } from './harness.js'

const FOREVER = Number.POSITIVE_INFINITY

/** A session as a gateway has it. */
function at(bench: ContractHarness, limits: Partial<PoolLimits> | (() => PoolLimits | undefined) = {}, options = {}) {
  const { session, die, sera } = bench.mortal(options)
  const known = typeof limits === 'function' ? limits : () => ({ maxLocks: 1, expireMs: FOREVER, ...limits })
  const pool = new Pool(session, bench.name, known)
  const get = (host: string, wait: number | string = 0, signal?: AbortSignal) =>
    pool.acquire(host, remoteOwner(host, 'test'), { wait, signal })
  return { pool, get, die, sera, session }
}

const REFUSED = { kind: 'timed-out' }

/** Delays the answer to each step of the gateway that grants something, until the test lets it go. */
function slow({ session: { store } }: { session: Session }) {
  const step = store.step.bind(store)
  let isGranted = false
  let isLetGo = false
  store.step = async (...call) => {
    const result = await step(...call)
    isGranted ||= result.mine?.state === 'granted'
    if (isGranted) await until('it is let go', () => isLetGo)
    return result
  }
  return {
    granted: () => until('it is granted', () => isGranted),
    go() {
      isLetGo = true
    },
  }
}

contract(
  'as many hosts as may hold it; a host that holds it is told so again, with the same token',
  async (t, bench) => {
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
  },
)

contract('who waits gets it in the order of arrival, whichever gateway it waits at', async (t, bench) => {
  const [one, other] = [at(bench), at(bench)]
  await one.get('first')
  const order: string[] = []
  const waits = ['b', 'c', 'd', 'e'].map(async (host, index) => {
    await until('those before it wait', async () => (await waiting(one.pool, index)).length === index)
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

contract('many who come at one moment stand in line as they came, and each gets it once', async (t, bench) => {
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

contract(
  'it stays with its holder when the gateway ends that got it, and any gateway takes it back',
  async (t, bench) => {
    const gone = at(bench)
    const { token } = await gone.get('a')
    await gone.sera.close()
    const { pool, get } = at(bench)
    t.like(await t.throwsAsync(get('b')), REFUSED)
    t.is((await get('a')).token, token)
    t.is((await pool.release('a'))?.token, token)
  },
)

contract('when its time is up it is free, though nobody gives it back', async (t, bench) => {
  const { pool, get } = at(bench, { expireMs: 3000 })
  const startedAt = performance.now()
  t.is((await get('a')).leftMs, 3000)
  const { leftMs } = await get('a')
  t.true(leftMs > 0 && leftMs < 3000, 'to ask again is not to renew')
  await get('b', '1m')
  t.true(performance.now() - startedAt > 2990)
  t.is(await pool.release('a'), undefined)
  await pool.release('b')
})

contract('who renews keeps it; who no longer has it, or had it under another token, does not', async (t, bench) => {
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

contract('who hangs up while it waits is forgotten at once', async (t, bench) => {
  const { pool, get } = at(bench)
  await get('a')
  const hangUp = new AbortController()
  const gone = get('b', 'forever', hangUp.signal)
  await waiting(pool, 1)
  hangUp.abort(new Error('hung up'))
  await t.throwsAsync(gone, { message: 'hung up' })
  await waiting(pool, 0)
  await pool.release('a')
})

contract('those who waited at a gateway that died do not hold up the others', async (t, bench) => {
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

contract(
  'limits that change while somebody waits count at once; a pool that is gone is a conflict',
  async (t, bench) => {
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
  },
)

contract('a host that asks anew takes the place of its claim that nobody renews any more', async (t, bench) => {
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

contract(
  'who hangs up when it is granted gives it back, unless the host was told of it elsewhere',
  async (t, bench) => {
    for (const asksElsewhere of [false, true]) {
      const [one, other] = [at(bench), at(bench)]
      const { granted, go } = slow(one)
      const end = new AbortController()
      const waits = one.get('a', '1m', end.signal)
      await granted()
      if (asksElsewhere) await other.get('a')
      end.abort('hung up')
      go()
      t.is(await waits.catch(reason => reason), 'hung up')
      if (asksElsewhere) t.like(await t.throwsAsync(other.get('b')), REFUSED)
      else await other.get('b')
      await Promise.all([other.pool.release('a'), other.pool.release('b')])
    }
  },
)

contract('a host that waits twice is told twice, whoever waits between', async (t, bench) => {
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

contract('whoever got it when more might have it gives it back when fewer may', async (t, bench) => {
  let maxLocks = 60
  const { pool, get } = at(bench, () => ({ maxLocks, expireMs: FOREVER }))
  const hosts = Array.from({ length: 60 }, (_, index) => `h${index}`)
  for (const host of hosts) await get(host)
  maxLocks = 1
  for (const host of hosts.toReversed()) t.truthy(await pool.release(host), host)
})
