import { contract, OUTLIVE, SHORT_LEASE_MS, waiting } from './harness.js'

contract('a waiter gets the slot of the holder that releases', async (t, bench) => {
  const semaphore = bench.join().semaphore(bench.name, 2)
  const [first, second] = [await semaphore.acquire(), await semaphore.acquire()]
  t.deepEqual([first.slot, second.slot], [0, 1])
  const waiter = bench.join().semaphore(bench.name, 2).acquire()
  await waiting(semaphore, 1)
  await first.release()
  const third = await waiter
  t.is(third.slot, 0)
  t.true(third.token > second.token && second.token > first.token)
  await Promise.all([second.release(), third.release()])
})

contract('a release of four units grants four waiters, each with its own slot', async (t, bench) => {
  const semaphore = bench.join().semaphore(bench.name, 4)
  const all = await semaphore.acquire({ units: 4 })
  const waiters = Array.from({ length: 4 }, () => bench.join().semaphore(bench.name, 4).acquire())
  await waiting(semaphore, 4)
  await all.release()
  const locks = await Promise.all(waiters)
  t.deepEqual(locks.map(({ slot }) => slot).sort(), [0, 1, 2, 3])
  await Promise.all(locks.map(lock => lock.release()))
})

contract('concurrent participants never hold more units than permits', async (t, bench) => {
  let inside = 0
  let most = 0
  const work = async (units: number) => {
    const semaphore = bench.join().semaphore(bench.name, 3)
    for (let round = 0; round < 4; round++) {
      await using _ = await semaphore.acquire({ units })
      inside += units
      most = Math.max(most, inside)
      await new Promise(resolve => setImmediate(resolve))
      inside -= units
    }
  }
  await Promise.all([1, 1, 2, 1, 3].map(work))
  t.is(inside, 0)
  t.true(most <= 3, String(most))
})

contract('a waiter for many units is not overtaken by a waiter for few', async (t, bench) => {
  const semaphore = bench.join().semaphore(bench.name, 3)
  const first = await semaphore.acquire({ units: 2 })
  const order: string[] = []
  const many = semaphore.acquire({ units: 3 }).then(async lock => {
    order.push('many')
    await lock.release()
  })
  await waiting(semaphore, 1)
  const few = semaphore.acquire().then(async lock => {
    order.push('few')
    await lock.release()
  })
  await waiting(semaphore, 2)
  t.like(await t.throwsAsync(semaphore.acquire({ wait: 0 })), { kind: 'timed-out' })
  await first.release()
  await Promise.all([many, few])
  t.deepEqual(order, ['many', 'few'])
})

contract('another number of permits is a conflict for the newcomer only', async (t, bench) => {
  const semaphore = bench.join().semaphore(bench.name, 2)
  const lock = await semaphore.acquire({ units: 2 })
  const waiter = semaphore.acquire()
  await waiting(semaphore, 1)
  const other = bench.join().semaphore(bench.name, 3)
  t.like(await t.throwsAsync(other.acquire()), {
    kind: 'conflict',
    message: 'in use with 2 permits, not 3; all participants must agree',
  })
  t.true(lock.held)
  await lock.release()
  await (await waiter).release()
  await (await other.acquire({ wait: 0, units: 3 })).release()
})

contract('the units of a dead holder are free after its lease', async (t, bench) => {
  const { sera, die } = bench.mortal({ leaseMs: SHORT_LEASE_MS })
  await sera.semaphore(bench.name, 2).acquire({ units: 2 })
  const semaphore = bench.join().semaphore(bench.name, 2)
  const waiters = [semaphore.acquire(OUTLIVE), semaphore.acquire(OUTLIVE)]
  await waiting(semaphore, 2)
  die()
  const locks = await Promise.all(waiters)
  t.deepEqual(locks.map(({ slot }) => slot).sort(), [0, 1])
  await Promise.all(locks.map(lock => lock.release()))
})
