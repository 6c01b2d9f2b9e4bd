import { setTimeout as pass } from 'node:timers/promises'
import test from 'ava'
import type { LookRequest, ResourceState } from '../../src/claims/model.js'
import { Poller } from '../../src/claims/poller.js'
import { systemClock, systemRandom } from '../../src/clock.js'
import type { Deadline } from '../../src/deadline.js'
import { SeraError } from '../../src/errors.js'
import { granted } from '../../src/primitives/primitive.js'
import { MemoryStore, MemoryTables } from '../../src/store/tables/memory-store.js'

const KEY = { kind: 'mutex', name: 'a' }
const OTHER = { kind: 'mutex', name: 'b' }
const ALL = Number.POSITIVE_INFINITY
const FOREVER = { until: Number.POSITIVE_INFINITY }
/** No poll is due by time. */
const NEVER = Number.POSITIVE_INFINITY

/** Records the reads and delays them until `answer` resolves. */
class RecordingStore extends MemoryStore {
  readonly reads: Array<readonly LookRequest[]> = []
  concurrent = 0
  mostConcurrent = 0
  answer: Promise<void> | undefined

  constructor() {
    super(new MemoryTables(systemClock, systemRandom))
  }

  override async look(asked: readonly LookRequest[], deadline: Deadline): Promise<ResourceState[]> {
    this.reads.push(asked)
    this.mostConcurrent = Math.max(this.mostConcurrent, ++this.concurrent)
    try {
      await this.answer
      return await super.look(asked, deadline)
    } finally {
      this.concurrent--
    }
  }
}

function setUp() {
  const store = new RecordingStore()
  return { store, poller: new Poller(store, systemClock, systemRandom) }
}

/** A promise that the test settles. */
function deferred() {
  let [resolve, reject] = [() => {}, (_: unknown) => {}]
  const promise = new Promise<void>((...settle) => {
    ;[resolve, reject] = settle
  })
  return { promise, resolve, reject }
}

const ends = (promise: Promise<unknown>) =>
  promise.then(
    () => 'answered',
    (error: unknown) => error,
  )

const asked = ({ reads }: RecordingStore) => reads.map(read => read.map(({ key, upTo }) => ({ key, upTo })))

test('one read serves all polls that are due soon, each resource once', async t => {
  const { store, poller } = setUp()
  const waits = [200, 205, 210].map(pace => poller.poll(KEY, ALL, pace, FOREVER))
  await Promise.all([...waits, poller.poll(OTHER, 7, 200, FOREVER)])
  t.deepEqual(asked(store), [
    [
      { key: KEY, upTo: ALL },
      { key: OTHER, upTo: 7 },
    ],
  ])
})

test('only the first in the queue polls, even if others are due sooner', async t => {
  const { store, poller } = setUp()
  const served: number[] = []
  const wait = async (upTo: number, paceMs: number) => {
    await poller.poll(KEY, upTo, paceMs, FOREVER)
    served.push(upTo)
  }
  await Promise.all([wait(3, 0), wait(1, 30), wait(2, 0)])
  t.deepEqual(served, [1, 2, 3], 'in the order of their tickets')
  t.deepEqual(asked(store), [[{ key: KEY, upTo: 3 }], [{ key: KEY, upTo: 2 }], [{ key: KEY, upTo: 3 }]])
})

test('a poll reads the whole queue from time to time', async t => {
  const { store, poller } = setUp()
  void poller.poll(KEY, 9, NEVER, FOREVER)
  await poller.poll(KEY, 1, 0, FOREVER)
  await poller.poll(KEY, 1, 0, FOREVER)
  t.deepEqual(asked(store), [[{ key: KEY, upTo: 9 }], [{ key: KEY, upTo: 1 }]])
})

test('a waiter behind the first polls at its deadline', async t => {
  const { poller } = setUp()
  void poller.poll(KEY, 1, NEVER, FOREVER)
  t.is(await ends(poller.poll(KEY, 2, NEVER, { until: performance.now() + 20 })), 'answered')
})

test('pollNow makes the first in the queue poll at once', async t => {
  const { store, poller } = setUp()
  const first = poller.poll(KEY, 1, NEVER, FOREVER)
  void poller.poll(KEY, 2, NEVER, FOREVER)
  poller.pollNow(OTHER)
  poller.pollNow(KEY)
  await first
  t.is(store.reads.length, 1)
})

test('a hundred waiters that poll every 20 ms read about as often as one', async t => {
  const { store, poller } = setUp()
  const until = performance.now() + 200
  const poll = async () => {
    while (performance.now() < until) await poller.poll(KEY, ALL, 20, FOREVER)
  }
  await Promise.all(Array.from({ length: 100 }, poll))
  t.true(store.reads.length <= 60, `${store.reads.length} reads`)
})

test('only one read is under way; later polls wait for the next', async t => {
  const { store, poller } = setUp()
  const read = deferred()
  store.answer = read.promise
  const first = poller.poll(KEY, 1, 0, FOREVER)
  while (store.reads.length === 0) await pass(1)
  const second = poller.poll(KEY, 1, 0, FOREVER)
  await pass(10)
  t.is(store.reads.length, 1)
  read.resolve()
  await Promise.all([first, second])
  t.is(store.reads.length, 2)
  t.is(store.mostConcurrent, 1)
})

test('an aborted poll causes no read', async t => {
  const { store, poller } = setUp()
  const end = new AbortController()
  const waiting = ends(poller.poll(KEY, 1, 5, { ...FOREVER, signal: end.signal }))
  end.abort('no more')
  t.is(await waiting, 'no more')
  t.is(await ends(poller.poll(KEY, 1, 5, { ...FOREVER, signal: end.signal })), 'no more')
  await pass(20)
  t.deepEqual(store.reads, [])
})

test('an abort during a read ends only its own wait', async t => {
  const { store, poller } = setUp()
  const read = deferred()
  store.answer = read.promise
  const end = new AbortController()
  const patient = ends(poller.poll(KEY, 1, 0, FOREVER))
  const other = ends(poller.poll(KEY, 1, 0, { ...FOREVER, signal: end.signal }))
  while (store.reads.length === 0) await pass(1)
  end.abort('no more')
  t.is(await other, 'no more')
  read.resolve()
  t.is(await patient, 'answered')
})

test('a failed read rejects the polls that it served; the others read again', async t => {
  const { store, poller } = setUp()
  const read = deferred()
  store.answer = read.promise
  const first = ends(poller.poll(KEY, 1, 0, FOREVER))
  while (store.reads.length === 0) await pass(1)
  const second = ends(poller.poll(KEY, 1, 0, FOREVER))
  store.answer = undefined
  read.reject('server down')
  t.is(await first, 'server down')
  t.is(await second, 'answered')
})

test('a waiter polls once at its deadline, and not later', async t => {
  const { poller } = setUp()
  const startedAt = performance.now()
  t.is(await ends(poller.poll(KEY, 1, NEVER, { until: startedAt + 20 })), 'answered')
  t.true(performance.now() - startedAt < 2000)
})

test('a read that hangs does not delay a waiter past its deadline and grace', async t => {
  const { store, poller } = setUp()
  store.answer = new Promise(() => {})
  void poller.poll(KEY, 1, 0, FOREVER)
  const impatient = poller.poll(KEY, 1, 0, { until: performance.now() - 4950 })
  await t.throwsAsync(impatient, { instanceOf: SeraError, message: /did not answer/ })
})

test('a waiter that left during a read does not disturb a later one', async t => {
  const { store, poller } = setUp()
  const read = deferred()
  store.answer = read.promise
  const end = new AbortController()
  const first = ends(poller.poll(KEY, 1, 0, { ...FOREVER, signal: end.signal }))
  while (store.reads.length === 0) await pass(1)
  end.abort('no more')
  t.is(await first, 'no more')
  const second = ends(poller.poll(KEY, 2, NEVER, FOREVER))
  store.answer = undefined
  read.resolve()
  while (store.concurrent > 0) await pass(1)
  poller.pollNow(KEY)
  t.is(await second, 'answered')
})

test('a waiter that was overtaken in the queue polls when it is first again', async t => {
  const { poller } = setUp()
  const later = ends(poller.poll(KEY, 2, 30, FOREVER))
  const end = new AbortController()
  const sooner = ends(poller.poll(KEY, 1, NEVER, { ...FOREVER, signal: end.signal }))
  end.abort('no more')
  t.is(await sooner, 'no more')
  t.is(await later, 'answered')
})

test('a waiter with the tag of a granted claim polls from any place in the queue', async t => {
  const { store, poller } = setUp()
  const request = { id: 'granted', leaseMs: 60_000, tag: 'T' }
  const { mine } = await store.step(KEY, request, (_, me) => granted(me), { join: true, read: 'all', ...FOREVER })
  const ticket = mine?.ticket ?? 0
  void poller.poll(KEY, ticket + 1, NEVER, FOREVER)
  void poller.poll(KEY, ticket + 2, NEVER, FOREVER)
  const namesake = ends(poller.poll(KEY, ticket + 3, NEVER, FOREVER, 'T'))
  poller.pollNow(KEY)
  t.is(await namesake, 'answered')
})
