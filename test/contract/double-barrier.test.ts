import { until } from '../support/until.js'
import { contract, OUTLIVE, SHORT_LEASE_MS, waiting } from './harness.js'

contract('parties start together and leave together', async (t, bench) => {
  const barrier = bench.join().doubleBarrier(bench.name, 3)
  const early = [barrier.enter(), bench.join().doubleBarrier(bench.name, 3).enter()]
  await waiting(barrier, 2)
  const last = await bench.join().doubleBarrier(bench.name, 3).enter()
  const parties = [...(await Promise.all(early)), last]
  t.deepEqual([...new Set(parties.map(({ generation }) => generation))], [1])
  t.is(new Set(parties.map(({ token }) => token)).size, 1)
  t.true(parties.every(({ held }) => held))

  const left: number[] = []
  const leaves = parties.slice(0, 2).map((party, index) => party.leave().then(() => left.push(index)))
  await leaving(barrier, 2)
  t.deepEqual(left, [])
  await last.leave()
  await Promise.all(leaves)
  t.deepEqual(left.sort(), [0, 1])
  t.false(parties.some(({ held, signal }) => held || signal.aborted))
})

contract('a surplus party waits for the next generation', async (t, bench) => {
  const barrier = bench.join().doubleBarrier(bench.name, 2)
  const other = bench.join().doubleBarrier(bench.name, 2)
  const [first, second] = await Promise.all([barrier.enter(), other.enter()])
  const third = bench.join().doubleBarrier(bench.name, 2).enter()
  await waiting(barrier, 1)
  const fourth = bench.join().doubleBarrier(bench.name, 2).enter()
  await waiting(barrier, 2)
  const fifth = bench.join().doubleBarrier(bench.name, 2).enter()
  await waiting(barrier, 3)
  t.like(await t.throwsAsync(barrier.enter({ wait: 0 })), { kind: 'timed-out' })
  const left = first.leave()
  await leaving(barrier, 1)
  await waiting(barrier, 3)
  await Promise.all([left, second.leave()])
  const next = await Promise.all([third, fourth])
  t.deepEqual(
    next.map(({ generation }) => generation),
    [2, 2],
  )
  t.true(next.every(({ token }) => token > first.token))
  await waiting(barrier, 1)
  await Promise.all(next.map(party => party.leave()))
  const last = await Promise.all([fifth, barrier.enter()])
  await Promise.all(last.map(party => party.leave()))
})

contract('a party that times out or aborts does not count', async (t, bench) => {
  const barrier = bench.join().doubleBarrier(bench.name, 2)
  const other = bench.join().doubleBarrier(bench.name, 2)
  for (const wait of [0, 50]) t.like(await t.throwsAsync(other.enter({ wait })), { kind: 'timed-out' })
  const control = new AbortController()
  const aborted = other.enter({ signal: control.signal })
  await waiting(barrier, 1)
  control.abort(new Error('enough'))
  await t.throwsAsync(aborted, { message: 'enough' })
  const parties = await Promise.all([barrier.enter(), bench.join().doubleBarrier(bench.name, 2).enter()])
  await Promise.all(parties.map(party => party.leave()))
  t.is(parties[0].generation, 1)
})

contract('another count is a conflict for the newcomer only', async (t, bench) => {
  const sera = bench.join()
  const barrier = sera.doubleBarrier(bench.name, 2)
  const first = barrier.enter()
  await waiting(barrier, 1)
  t.like(await t.throwsAsync(sera.doubleBarrier(bench.name, 3).enter()), { kind: 'conflict' })
  await waiting(barrier, 1)
  const parties = [await barrier.enter(), await first]
  await Promise.all(parties.map(party => party.leave()))
})

contract('a party whose leave times out has left: the others do not wait for it', async (t, bench) => {
  const barrier = bench.join().doubleBarrier(bench.name, 2)
  const other = bench.join().doubleBarrier(bench.name, 2)
  const [first, second] = await Promise.all([other.enter(), barrier.enter()])
  const error = await t.throwsAsync(first.leave({ wait: 50 }))
  t.like(error, { kind: 'timed-out' })
  t.is(await t.throwsAsync(first.leave()), error, 'the second call returns the same error')
  t.true(second.held)
  await second.leave({ wait: 0 })

  const [third, fourth] = await Promise.all([other.enter(), barrier.enter()])
  const control = new AbortController()
  const leave = third.leave({ signal: control.signal })
  await leaving(barrier, 1)
  control.abort(new Error('enough'))
  await t.throwsAsync(leave, { message: 'enough' })
  await fourth.leave({ wait: 0 })
})

contract('dispose leaves without waiting for the others', async (t, bench) => {
  const barrier = bench.join().doubleBarrier(bench.name, 2)
  const [first, second] = await Promise.all([barrier.enter(), barrier.enter()])
  await first[Symbol.asyncDispose]()
  t.false(first.held)
  t.is((await barrier.contenders()).length, 1)
  await second.leave({ wait: 0 })
  await second[Symbol.asyncDispose]()
})

contract('a party that died at work blocks the others for its lease only', async (t, bench) => {
  const barrier = bench.join().doubleBarrier(bench.name, 2)
  const { sera, die } = bench.mortal({ leaseMs: SHORT_LEASE_MS })
  const [mine, theirs] = await Promise.all([barrier.enter(), sera.doubleBarrier(bench.name, 2).enter()])
  const leave = mine.leave(OUTLIVE)
  await leaving(barrier, 1)
  die()
  await leave
  t.like(theirs.signal.reason, { kind: 'lost' })
  t.false(theirs.held)
})

contract('a waiter that died does not start with the others', async (t, bench) => {
  const { sera, die } = bench.mortal({ leaseMs: SHORT_LEASE_MS })
  void sera
    .doubleBarrier(bench.name, 3)
    .enter()
    .catch(() => {})
  const barrier = bench.join().doubleBarrier(bench.name, 3)
  await waiting(barrier, 1)
  die()
  await bench.expired('double-barrier')
  const late = bench.join().doubleBarrier(bench.name, 3)
  const early = [barrier.enter(), late.enter()]
  await waiting(barrier, 3)
  await bench.reaped('double-barrier', 2)
  const parties = await Promise.all([...early, late.enter()])
  t.deepEqual(
    parties.map(({ generation }) => generation),
    [1, 1, 1],
  )
  await Promise.all(parties.map(party => party.leave()))
})

/** Waits until `count` claims are leaving. */
async function leaving(barrier: { contenders(): Promise<Array<{ state: string }>> }, count: number): Promise<void> {
  await until(`${count} leaving`, async () => {
    return (await barrier.contenders()).filter(({ state }) => state === 'leaving').length === count
  })
}
