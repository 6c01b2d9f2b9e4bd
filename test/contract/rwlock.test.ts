import type { Lock } from '../../src/primitives/lock.js'
import { contract, OUTLIVE, SHORT_LEASE_MS, waiting } from './harness.js'

contract('readers share, and a writer waits for all of them', async (t, bench) => {
  const rwlock = bench.join().rwlock(bench.name)
  const readers = [await rwlock.read(), await bench.join().rwlock(bench.name).read(), await rwlock.read({ wait: 0 })]
  const writer = bench.join().rwlock(bench.name).write()
  for (const reader of readers) {
    await waiting(rwlock, 1)
    await reader.release()
  }
  const lock = await writer
  t.true(lock.token > Math.max(...readers.map(({ token }) => token)))
  t.like(await t.throwsAsync(rwlock.read({ wait: 0 })), { kind: 'timed-out' })
  t.like(await t.throwsAsync(rwlock.write({ wait: 0 })), { kind: 'timed-out' })
  await lock.release()
})

contract('a waiting writer blocks the readers behind it until it aborts', async (t, bench) => {
  const rwlock = bench.join().rwlock(bench.name)
  const reading = await rwlock.read()
  const control = new AbortController()
  const writer = rwlock.write({ signal: control.signal })
  await waiting(rwlock, 1)
  const late = bench.join().rwlock(bench.name).read()
  await waiting(rwlock, 2)
  t.like(await t.throwsAsync(rwlock.read({ wait: 0 })), { kind: 'timed-out' })
  control.abort(new Error('enough'))
  await t.throwsAsync(writer, { message: 'enough' })
  const shared = await late
  t.true(reading.held && shared.held)
  await Promise.all([reading.release(), shared.release()])
})

contract('writers and the readers between them are granted in order of arrival', async (t, bench) => {
  const rwlock = bench.join().rwlock(bench.name)
  const first = await rwlock.write()
  const order: string[] = []
  const turns: Promise<void>[] = []
  const queue = async (label: string, turn: Promise<Lock>) => {
    turns.push(
      turn.then(async lock => {
        order.push(label)
        await lock.release()
      }),
    )
    await waiting(rwlock, turns.length)
  }
  await queue('writer 1', bench.join().rwlock(bench.name).write())
  await queue('reader', bench.join().rwlock(bench.name).read())
  await queue('writer 2', bench.join().rwlock(bench.name).write())
  t.deepEqual(
    (await rwlock.contenders()).map(({ mode }) => mode),
    ['write', 'write', 'read', 'write'],
  )
  await first.release()
  await Promise.all(turns)
  t.deepEqual(order, ['writer 1', 'reader', 'writer 2'])
})

contract('a writer never holds the lock together with another claim', async (t, bench) => {
  const inside = { read: 0, write: 0 }
  const overlaps: string[] = []
  const work = async (mode: 'read' | 'write') => {
    const rwlock = bench.join().rwlock(bench.name)
    for (let round = 0; round < 4; round++) {
      await using _ = await rwlock[mode]()
      inside[mode]++
      if (inside.write > 1 || (inside.write > 0 && inside.read > 0)) overlaps.push(JSON.stringify(inside))
      await new Promise(resolve => setImmediate(resolve))
      inside[mode]--
    }
  }
  await Promise.all((['read', 'write', 'read', 'write', 'read'] as const).map(work))
  t.deepEqual(overlaps, [])
})

contract('a dead reader blocks a writer for its lease only', async (t, bench) => {
  const { sera, die } = bench.mortal({ leaseMs: SHORT_LEASE_MS })
  const dead = await sera.rwlock(bench.name).read()
  const rwlock = bench.join().rwlock(bench.name)
  const writer = rwlock.write(OUTLIVE)
  await waiting(rwlock, 1)
  die()
  const lock = await writer
  t.true(dead.signal.aborted)
  await lock.release()
})

contract('a dead writer, holding or waiting, blocks readers for its lease only', async (t, bench) => {
  const holder = bench.mortal({ leaseMs: SHORT_LEASE_MS })
  await holder.sera.rwlock(bench.name).write()
  const waiter = bench.mortal({ leaseMs: SHORT_LEASE_MS })
  const rwlock = bench.join().rwlock(bench.name)
  void waiter.sera
    .rwlock(bench.name)
    .write()
    .catch(() => {})
  await waiting(rwlock, 1)
  const readers = [rwlock.read(OUTLIVE), rwlock.read(OUTLIVE)]
  await waiting(rwlock, 3)
  holder.die()
  waiter.die()
  for (const lock of await Promise.all(readers)) await lock.release()
  t.deepEqual(await rwlock.contenders(), [])
})

contract('concurrent claims of one session are granted in order of arrival', async (t, bench) => {
  const rwlock = bench.join().rwlock(bench.name)
  const first = rwlock.read() // claims that are made while its step runs are enqueued together
  const second = rwlock.read()
  const writer = rwlock.write()
  const late = rwlock.read()
  const readers = [await first, await second]
  t.is((await waiting(rwlock, 2)).map(({ mode }) => mode).join(), 'write,read')
  for (const reader of readers) await reader.release()
  await (await writer).release()
  await (await late).release()
})
