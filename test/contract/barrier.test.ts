import { acquire } from '../../src/claims/acquire.js'
import type { OwnClaim } from '../../src/claims/own-claim.js'
import { barrier } from '../../src/primitives/barrier.js'
import { contract, type Mortal, SHORT_LEASE_MS, waiting } from './harness.js'

const FOREVER = Number.POSITIVE_INFINITY

contract('two go when both are there, and again in the next round', async (t, bench) => {
  const barrier = bench.join().barrier(bench.name, 2)
  const other = bench.join().barrier(bench.name, 2)
  for (const generation of [1, 2, 3]) {
    const first = barrier.arrive()
    await waiting(barrier, 1)
    t.deepEqual(await other.arrive(), { generation })
    t.deepEqual(await first, { generation })
  }
})

contract.serial('fifty go when all are there', async (t, bench) => {
  const seras = Array.from({ length: 10 }, () => bench.join())
  const arrive = (index: number) => seras[index % 10]!.barrier(bench.name, 50).arrive()
  const early = Array.from({ length: 49 }, (_, index) => arrive(index))
  await waiting(seras[0]!.barrier(bench.name, 50), 49)
  const all = await Promise.all([...early, arrive(49)])
  t.deepEqual([...new Set(all.map(({ generation }) => generation))], [1])
})

contract('a barrier of one holds nobody up', async (t, bench) => {
  t.deepEqual(await bench.join().barrier(bench.name, 1).arrive({ wait: 0 }), { generation: 1 })
})

contract('rounds that follow each other at once stay apart', async (t, bench) => {
  const rounds = async () => {
    const barrier = bench.join().barrier(bench.name, 4)
    const seen = []
    for (let round = 0; round < 4; round++) seen.push((await barrier.arrive()).generation)
    return seen
  }
  for (const seen of await Promise.all([rounds(), rounds(), rounds(), rounds()])) t.deepEqual(seen, [1, 2, 3, 4])
})

contract('another count is a conflict for the newcomer, and nobody else is disturbed', async (t, bench) => {
  const sera = bench.join()
  const barrier = sera.barrier(bench.name, 2)
  const first = barrier.arrive()
  await waiting(barrier, 1)
  t.like(await t.throwsAsync(sera.barrier(bench.name, 3).arrive()), {
    kind: 'conflict',
    message: 'those who wait at this barrier expect 2 parties, not 3',
  })
  await waiting(barrier, 1)
  t.deepEqual(await bench.join().barrier(bench.name, 2).arrive(), { generation: 1 })
  t.deepEqual(await first, { generation: 1 })
  t.deepEqual(await sera.barrier(bench.name, 1).arrive(), { generation: 2 }, 'nobody is there: the count is free')
})

contract('who gives up does not count', async (t, bench) => {
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

contract('a tag counts once: who comes with it takes the place over', async (t, bench) => {
  const barrier = bench.join().barrier(bench.name, 2)
  const first = barrier.arrive({ tag: 'a' })
  await waiting(barrier, 1)
  const second = bench.join().barrier(bench.name, 2).arrive({ tag: 'a' })
  t.like(await t.throwsAsync(first), { kind: 'conflict' })
  await waiting(barrier, 1)
  t.deepEqual(await barrier.arrive({ tag: 'b' }), { generation: 1 })
  t.deepEqual(await second, { generation: 1 })
})

contract('a participant that died while it waited is restarted, and counts once', async (t, bench) => {
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

contract(
  'a participant that died after it was let go, and had not seen it, goes when it is restarted',
  async (t, bench) => {
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
  },
)

contract('for a single use: it is too late when the parties have gone', async (t, bench) => {
  const barrier = bench.join().barrier(bench.name, 2, { singleUse: true })
  await Promise.all([barrier.arrive(), bench.join().barrier(bench.name, 2, { singleUse: true }).arrive()])
  for (const late of [barrier, bench.join().barrier(bench.name, 2, { singleUse: true })]) {
    t.like(await t.throwsAsync(late.arrive()), { kind: 'conflict' })
  }
})

const WEEK_MS = 7 * 24 * 3_600_000

for (const [how, options, isLate] of [
  ['for ever', {}, true],
  ['for as long as it is told to', { keep: '30d' }, true],
  ['no longer than it is told to', { keep: '10d' }, false],
] as const) {
  contract(`for a single use: it is remembered ${how}, also when names are swept`, async (t, bench) => {
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

contract('the dead don’t count', async (t, bench) => {
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

contract('a place that another process left behind is taken over, however late', async (t, bench) => {
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
