/** Contract of the mutex, and of every lock (checked on the mutex). */

import { acquire } from '../../src/claims/acquire.js'
import { NO_PROCESS } from '../../src/claims/model.js'
import { MUTEX, Mutex } from '../../src/primitives/mutex.js'
import { until } from '../support/until.js'
import { contract, HASTY, OUTLIVE, SHORT_LEASE_MS, waiting } from './harness.js'

contract('waiters get the mutex in order of arrival with ascending tokens', async (t, bench) => {
  const mutex = bench.join().mutex(bench.name)
  const first = await mutex.acquire()
  const order: number[] = []
  const turns = []
  for (let place = 1; place <= 4; place++) {
    turns.push(
      bench
        .join()
        .mutex(bench.name)
        .acquire()
        .then(async lock => {
          order.push(place)
          await lock.release()
          return lock.token
        }),
    )
    await waiting(mutex, place)
  }
  t.deepEqual(order, [])
  await first.release()
  const tokens = [first.token, ...(await Promise.all(turns))]
  t.deepEqual(order, [1, 2, 3, 4])
  t.deepEqual(
    tokens,
    [...tokens].sort((a, b) => a - b),
  )
  t.is(new Set(tokens).size, tokens.length)
})

contract('concurrent participants never hold the mutex together', async (t, bench) => {
  let inside = 0
  let most = 0
  const work = async () => {
    const mutex = bench.join().mutex(bench.name)
    for (let round = 0; round < 5; round++) {
      await using _ = await mutex.acquire()
      most = Math.max(most, ++inside)
      await new Promise(resolve => setImmediate(resolve))
      inside--
    }
  }
  await Promise.all(Array.from({ length: 6 }, work))
  t.is(most, 1)
})

contract('a participant that acquires twice waits for itself', async (t, bench) => {
  const mutex = bench.join().mutex(bench.name)
  const first = await mutex.acquire()
  const second = mutex.acquire()
  await waiting(mutex, 1)
  t.true(first.held)
  await first.release()
  await (await second).release()
})

contract('a wait that times out is an error and leaves the queue', async (t, bench) => {
  const mutex = bench.join().mutex(bench.name)
  await using _ = await mutex.acquire()
  const other = bench.join().mutex(bench.name)
  for (const wait of [0, 50, '50ms']) {
    const error = await t.throwsAsync(other.acquire({ wait }))
    t.like(error, { name: 'SeraError', kind: 'timed-out' })
  }
  t.is((await mutex.contenders()).length, 1)
})

contract('a wait of 0 gets a free mutex', async (t, bench) => {
  const lock = await bench.join().mutex(bench.name).acquire({ wait: 0 })
  t.true(lock.held)
  await lock.release()
})

contract('an aborted wait rejects with the signal’s reason and leaves the queue', async (t, bench) => {
  const mutex = bench.join().mutex(bench.name)
  await using _ = await mutex.acquire()
  const control = new AbortController()
  const wait = bench.join().mutex(bench.name).acquire({ signal: control.signal })
  await waiting(mutex, 1)
  const reason = new Error('enough')
  control.abort(reason)
  t.is(await t.throwsAsync(wait), reason)
  t.is((await mutex.contenders()).length, 1)
  t.is(await t.throwsAsync(mutex.acquire({ signal: control.signal })), reason)
})

contract('a released lock is not held, and a second release does nothing', async (t, bench) => {
  const mutex = bench.join().mutex(bench.name)
  const lock = await mutex.acquire()
  t.true(lock.held)
  await Promise.all([lock.release(), lock.release()])
  t.false(lock.held)
  t.false(lock.signal.aborted)
  await using next = await mutex.acquire()
  await lock.release()
  t.true(next.held)
  t.is((await mutex.contenders()).length, 1)
})

contract('a broken lock aborts its signal', async (t, bench) => {
  const mutex = bench.join({ leaseMs: SHORT_LEASE_MS }).mutex(bench.name)
  const lock = await mutex.acquire()
  const lost = aborted(lock.signal)
  await bench.tables.clear()
  t.like(await lost, { name: 'SeraError', kind: 'lost' })
  t.false(lock.held)
  await lock.release()
})

contract('close aborts the signals of held locks and then releases them', async (t, bench) => {
  const sera = bench.join()
  const lock = await sera.mutex(bench.name).acquire()
  const next = bench.join().mutex(bench.name).acquire(OUTLIVE)
  await waiting(bench.join().mutex(bench.name), 1)
  const events: string[] = []
  lock.signal.addEventListener('abort', () => events.push('signal'))
  const closed = sera.close()
  t.deepEqual(events, ['signal'], 'before any request')
  await closed
  t.like(lock.signal.reason, { name: 'SeraError', kind: 'lost' })
  t.false(lock.held)
  const other = await next
  t.true(other.token > lock.token)
  await lock.release()
  t.true(other.held)
  await other.release()
})

contract('a holder that cannot reach the tables is lost before the next grant', async (t, bench) => {
  const { sera, die } = bench.mortal({ leaseMs: SHORT_LEASE_MS })
  const lock = await sera.mutex(bench.name).acquire()
  const next = bench.join().mutex(bench.name).acquire(OUTLIVE)
  const events: string[] = []
  const lost = aborted(lock.signal).then(reason => {
    events.push('lost')
    return reason
  })
  die()
  const other = await next
  events.push('granted')
  t.like(await lost, { kind: 'lost' })
  t.deepEqual(events, ['lost', 'granted'])
  t.true(other.token > lock.token)
  await other.release()
})

contract('a waiter passes dead claims after their lease', async (t, bench) => {
  const dead = bench.mortal({ leaseMs: SHORT_LEASE_MS })
  await dead.sera.mutex(bench.name).acquire()
  const deadInTheQueue = bench.mortal({ leaseMs: SHORT_LEASE_MS })
  const mutex = bench.join().mutex(bench.name)
  void deadInTheQueue.sera
    .mutex(bench.name)
    .acquire()
    .catch(() => {})
  await waiting(mutex, 1)
  const next = mutex.acquire(OUTLIVE)
  await waiting(mutex, 2)
  dead.die()
  deadInTheQueue.die()
  await (await next).release()
  t.deepEqual(await mutex.contenders(), [])
})

contract('a try of 0 passes a dead holder only long after its lease', async (t, bench) => {
  const { sera, die } = bench.mortal({ leaseMs: SHORT_LEASE_MS })
  const lock = await sera.mutex(bench.name).acquire()
  die()
  const tryOnce = async (maxClockSkewMs: number) => {
    try {
      return await bench.join({ maxClockSkewMs }).mutex(bench.name).acquire({ wait: 0 })
    } catch (error) {
      t.like(error, { kind: 'timed-out' })
      return undefined
    }
  }
  const next = await until('overdue', async () => {
    t.is(await tryOnce(3_600_000), undefined)
    return tryOnce(HASTY.maxClockSkewMs)
  })
  t.true(lock.signal.aborted)
  await next.release()
})

contract('contenders lists host, PID, command, state and token', async (t, bench) => {
  const mutex = bench.join({ label: 'first' }).mutex(bench.name)
  const lock = await mutex.acquire()
  const waiter = bench.join({ label: 'second' }).mutex(bench.name).acquire()
  await waiting(mutex, 1)
  const [first, second] = await mutex.contenders()
  t.like(first, { state: 'granted', pid: process.pid, command: 'first', token: lock.token, units: 1 })
  t.like(second, { state: 'waiting', pid: process.pid, command: 'second', token: undefined })
  t.true((first?.host ?? '') !== '' && (first?.sinceMs ?? -1) >= 0)
  await lock.release()
  await (await waiter).release()
})

contract('names are compared byte by byte, and each kind has its own names', async (t, bench) => {
  const sera = bench.join()
  const names = ['name', 'Name', 'näme', 'na\u0308me', 'name ', ' name', 'n'.repeat(255), '名前', '😀', '%', "'"]
  const locks = []
  for (const name of names) locks.push(await sera.mutex(name).acquire({ wait: 0 }))
  locks.push(await sera.rwlock('name').write({ wait: 0 }), await sera.semaphore('name', 1).acquire({ wait: 0 }))
  for (const lock of locks) await lock.release()
  t.pass()
})

contract('close ends the session’s waits and leaves other sessions’ locks', async (t, bench) => {
  const holder = bench.join()
  const mutex = holder.mutex(bench.name)
  const lock = await mutex.acquire()
  const waiter = bench.join()
  const wait = waiter.mutex(bench.name).acquire()
  await waiting(mutex, 1)
  const meeting = waiter.barrier(bench.name, 2).arrive()
  await waiting(waiter.barrier(bench.name, 2), 1)
  const broken = [wait, meeting].map(one => t.throwsAsync(one))
  await waiter.close()
  for (const error of await Promise.all(broken)) t.like(error, { kind: 'lock-failed', message: 'sera was closed' })
  t.like(await t.throwsAsync(waiter.mutex(bench.name).acquire()), { kind: 'lock-failed' })
  t.is((await mutex.contenders()).length, 1)
  t.true(lock.held)
  await lock.release()
})

contract('close keeps a claim that no process renews', async (t, bench) => {
  const { sera, session } = bench.mortal()
  const ownClaim = session.newClaim({ kind: 'mutex', name: bench.name })
  t.truthy(await acquire(session, ownClaim, { processId: NO_PROCESS }, MUTEX, { until: session.clock.now() }))
  await sera.close()
  t.is((await bench.join().mutex(bench.name).contenders()).length, 1)
  await bench.tables.clear()
})

function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(signal.reason), { once: true }))
}

contract('one look reads hundreds of names', async (t, bench) => {
  const { session } = bench.mortal()
  const names = Array.from({ length: 1200 }, (_, index) => `${bench.name}${index}`)
  const held = [3, 1100]
  const locks = await Promise.all(held.map(at => new Mutex(session, names[at] as string).acquire()))
  const asked = names.map(name => ({ key: { kind: 'mutex', name }, upTo: Number.POSITIVE_INFINITY }))
  const states = await session.store.look(asked, session.farewell)
  t.is(states.length, names.length)
  t.deepEqual(
    states.flatMap(({ claims }, at) => (claims.length > 0 ? at : [])),
    held,
  )
  for (const lock of locks) await lock.release()
})
