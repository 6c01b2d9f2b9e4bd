import { contract, OUTLIVE, SHORT_LEASE_MS, waiting } from './harness.js'

contract('a waiter of -1 is released by +1', async (t, bench) => {
  const counter = bench.join().counter(bench.name)
  t.is(await counter.value(), 0)
  const waiter = bench.join().counter(bench.name).add(-1)
  await waiting(counter, 1)
  t.is(await counter.add(1), 1)
  t.is(await waiter, 0)
  t.is(await counter.value(), 0)
})

contract('four waiters of -1 are released by one +4', async (t, bench) => {
  const counter = bench.join().counter(bench.name)
  const waiters = Array.from({ length: 4 }, () => bench.join().counter(bench.name).add(-1))
  await waiting(counter, 4)
  t.is(await counter.add(4), 4)
  t.deepEqual((await Promise.all(waiters)).sort(), [0, 1, 2, 3])
  t.is(await counter.add(0), 0)
})

contract('a large taker is not overtaken by a small one; additions are not blocked', async (t, bench) => {
  const counter = bench.join().counter(bench.name)
  await counter.add(2)
  const order: string[] = []
  const much = counter.add(-3).then(() => order.push('much'))
  await waiting(counter, 1)
  const little = counter.add(-1).then(() => order.push('little'))
  await waiting(counter, 2)
  t.is(await counter.value(), 2)
  t.is(await counter.add(2), 4)
  await Promise.all([much, little])
  t.deepEqual(order, ['much', 'little'])
  t.is(await counter.value(), 0)
})

contract('no update is lost, and none is counted twice', async (t, bench) => {
  const counters = Array.from({ length: 6 }, () => bench.join().counter(bench.name))
  const seen = await Promise.all(counters.flatMap(counter => [1, 2, 3, 4].map(() => counter.add(1))))
  t.deepEqual(
    seen.sort((a, b) => a - b),
    seen.map((_, index) => index + 1),
  )
})

contract('concurrent takers never bring the counter below zero', async (t, bench) => {
  const counters = Array.from({ length: 6 }, () => bench.join().counter(bench.name))
  const seen = await Promise.all(
    counters.flatMap((counter, index) => [1, 2, 3].map(() => counter.add(index % 2 === 0 ? -1 : 1))),
  )
  t.true(Math.min(...seen) >= 0, String(seen))
  t.is(await counters[0]!.value(), 0)
})

contract('a taker that times out or aborts has taken nothing', async (t, bench) => {
  const counter = bench.join().counter(bench.name)
  await counter.add(1)
  for (const wait of [0, 50]) t.like(await t.throwsAsync(counter.add(-2, { wait })), { kind: 'timed-out' })
  const control = new AbortController()
  const waiter = counter.add(-2, { signal: control.signal })
  await waiting(counter, 1)
  control.abort(new Error('enough'))
  await t.throwsAsync(waiter, { message: 'enough' })
  t.is(await counter.value(), 1)
})

contract('a dead taker keeps what it took; a dead waiter has taken nothing', async (t, bench) => {
  const counter = bench.join().counter(bench.name)
  await counter.add(5)
  const { sera, die } = bench.mortal({ leaseMs: SHORT_LEASE_MS })
  await sera.counter(bench.name).add(-3)
  void sera
    .counter(bench.name)
    .add(-3)
    .catch(() => {})
  await waiting(counter, 1)
  die()
  t.is(await counter.add(-2, OUTLIVE), 0)
})

contract('a sum that would not be exact is a conflict', async (t, bench) => {
  const counter = bench.join().counter(bench.name)
  await counter.add(Number.MAX_SAFE_INTEGER)
  t.like(await t.throwsAsync(counter.add(1)), { kind: 'conflict' })
  t.is(await counter.value(), Number.MAX_SAFE_INTEGER)
})
