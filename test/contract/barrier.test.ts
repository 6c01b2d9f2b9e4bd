import { acquire } from '../../src/claims/acquire.js'
import type { OwnClaim } from '../../src/claims/own-claim.js'
import { barrier } from '../../src/primitives/barrier.js'
import { contract, type Mortal, SHORT_LEASE_MS, waiting } from './harness.js'

const FOREVER = Number.POSITIVE_INFINITY

contract('a barrier of two releases both parties, in each round', async (t, bench) => {
  const barrier = bench.join().barrier(bench.name, 2)
  const other = bench.join().barrier(bench.name, 2)
  for (const generation of [1, 2, 3]) {
    const first = barrier.arrive()
    await waiting(barrier, 1)
    t.deepEqual(await other.arrive(), { generation })
    t.deepEqual(await first, { generation })
  }
})

contract.serial('a barrier of fifty releases all fifty together', async (t, bench) => {
  const seras = Array.from({ length: 10 }, () => bench.join())
  const arrive = (index: number) => seras[index % 10]!.barrier(bench.name, 50).arrive()
  const early = Array.from({ length: 49 }, (_, index) => arrive(index))
  await waiting(seras[0]!.barrier(bench.name, 50), 49)
  const all = await Promise.all([...early, arrive(49)])
  t.deepEqual([...new Set(all.map(({ generation }) => generation))], [1])
})

contract('a barrier of one releases its party at once', async (t, bench) => {
  t.deepEqual(await bench.join().barrier(bench.name, 1).arrive({ wait: 0 }), { generation: 1 })
})

contract('consecutive rounds do not mix', async (t, bench) => {
  const rounds = async () => {
    const barrier = bench.join().barrier(bench.name, 4)
    const seen = []
    for (let round = 0; round < 4; round++) seen.push((await barrier.arrive()).generation)
    return seen
  }
  for (const seen of await Promise.all([rounds(), rounds(), rounds(), rounds()])) t.deepEqual(seen, [1, 2, 3, 4])
})

contract('another count is a conflict for the newcomer only', async (t, bench) => {
  const sera = bench.join()
  const barrier = sera.barrier(bench.name, 2)
  const first = barrier.arrive()
  await waiting(barrier, 1)
  t.like(await t.throwsAsync(sera.barrier(bench.name, 3).arrive()), {
    kind: 'conflict',
    message: 'the waiters expect 2 parties, not 3; all participants must agree',
  })
  await waiting(barrier, 1)
  t.deepEqual(await bench.join().barrier(bench.name, 2).arrive(), { generation: 1 })
  t.deepEqual(await first, { generation: 1 })
  t.deepEqual(await sera.barrier(bench.name, 1).arrive(), { generation: 2 }, 'without waiters any count is accepted')
})

contract('a party that times out or aborts does not count', async (t, bench) => {
  const barrier = bench.join().barrier(bench.name, 2)
  const other = bench.join().barrier(bench.name, 2)
  for (const wait of [0, 50]) t.like(await t.throwsAsync(other.arrive({ wait })), { kind: 'timed-out' })
  const control = new AbortController()
  const aborted = other.arrive({ signal: control.signal })
  await waiting(barrier, 1)
  control.abort(new Error('enough'))
  await t.throwsAsync(aborted, { message: 'enough' })
  const first = barrier.arrive()
  await waiting(barrier, 1)
  await other.arrive()
  t.deepEqual(await first, { generation: 1 })
})

contract('a tag counts once: a newcomer takes over the claim with its tag', async (t, bench) => {
  const barrier = bench.join().barrier(bench.name, 2)
  const first = barrier.arrive({ tag: 'a' })
  await waiting(barrier, 1)
  const second = bench.join().barrier(bench.name, 2).arrive({ tag: 'a' })
  t.like(await t.throwsAsync(first), { kind: 'conflict' })
  await waiting(barrier, 1)
  t.deepEqual(await barrier.arrive({ tag: 'b' }), { generation: 1 })
  t.deepEqual(await second, { generation: 1 })
})

contract('a party that died while waiting and is restarted counts once', async (t, bench) => {
  const barrier = bench.join().barrier(bench.name, 3)
  const { sera, die } = bench.mortal()
  void sera
    .barrier(bench.name, 3)
    .arrive({ tag: 'a' })
    .catch(() => {})
  const other = barrier.arrive({ tag: 'b' })
  await waiting(barrier, 2)
  die()
  const restarted = bench.join().barrier(bench.name, 3).arrive({ tag: 'a' })
  const last = barrier.arrive({ tag: 'c' })
  for (const arrived of [restarted, other, last]) t.deepEqual(await arrived, { generation: 1 })
})

contract('a party that died after its grant passes when it is restarted', async (t, bench) => {
  const barrier = bench.join().barrier(bench.name, 2)
  const { sera, die } = bench.mortal()
  void sera
    .barrier(bench.name, 2)
    .arrive({ tag: 'a' })
    .catch(() => {})
  await waiting(barrier, 1)
  die()
  t.deepEqual(await barrier.arrive({ tag: 'b' }), { generation: 1 })
  const restarted = bench.join().barrier(bench.name, 2)
  t.deepEqual(await restarted.arrive({ tag: 'a', wait: 0 }), { generation: 1 })
  t.like(await t.throwsAsync(restarted.arrive({ tag: 'a', wait: 0 })), { kind: 'timed-out' }, 'once')
})

contract('single-use: an arrival after the release is a conflict', async (t, bench) => {
  const barrier = bench.join().barrier(bench.name, 2, { singleUse: true })
  await Promise.all([barrier.arrive(), bench.join().barrier(bench.name, 2, { singleUse: true }).arrive()])
  for (const late of [barrier, bench.join().barrier(bench.name, 2, { singleUse: true })]) {
    t.like(await t.throwsAsync(late.arrive()), { kind: 'conflict' })
  }
})

const WEEK_MS = 7 * 24 * 3_600_000

for (const [how, options, isLate] of [
  ['for ever', {}, true],
  ['for its keep time', { keep: '30d' }, true],
  ['no longer than its keep time', { keep: '10d' }, false],
] as const) {
  contract(`single-use: the release is remembered ${how}, despite the weekly sweep`, async (t, bench) => {
    const arrive = () =>
      bench
        .join()
        .barrier(bench.name, 1, { singleUse: true, ...options })
        .arrive()
    await arrive()
    await bench.tables.idle(2 * WEEK_MS)
    await bench
      .join()
      .mutex('a new name')
      .acquire()
      .then(lock => lock.release())
    if (isLate) t.like(await t.throwsAsync(arrive()), { kind: 'conflict' })
    else await t.notThrowsAsync(arrive())
  })
}

contract('dead parties do not count', async (t, bench) => {
  const { sera, die } = bench.mortal({ leaseMs: SHORT_LEASE_MS })
  void sera
    .barrier(bench.name, 2)
    .arrive()
    .catch(() => {})
  const barrier = bench.join().barrier(bench.name, 2)
  await waiting(barrier, 1)
  die()
  await bench.expired('barrier')
  t.like(await t.throwsAsync(barrier.arrive({ wait: 0 })), { kind: 'timed-out' })
  t.deepEqual(await Promise.all([barrier.arrive(), barrier.arrive()]), [{ generation: 1 }, { generation: 1 }])
  await bench.reaped('barrier', 0)
})

contract('a claim of a dead process is taken over by its id, even after its lease', async (t, bench) => {
  const key = { kind: 'barrier', name: bench.name }
  const [gone, here] = [bench.mortal({ leaseMs: SHORT_LEASE_MS }), bench.mortal()]
  const arrive = ({ session }: Mortal) =>
    acquire(session, session.newClaim(key, 'a'.repeat(32)), { processId: 'client' }, barrier(2), {
      until: FOREVER,
    })
  void arrive(gone).catch(() => {})
  await waiting(here.sera.barrier(bench.name, 2), 1)
  gone.die()
  await bench.expired('barrier')
  const arrives = arrive(here)
  t.like(await bench.join().barrier(bench.name, 2).arrive(), { generation: 1 })
  const ownClaim = await arrives
  t.is(ownClaim?.seen?.generation, 1)
  await here.session.leave(ownClaim as OwnClaim)
})
