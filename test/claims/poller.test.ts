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
/** No look is wanted for as long as nothing happens. */
const NEVER = Number.POSITIVE_INFINITY

/** Counts the looks, and answers when it is let. */
class Watched extends MemoryStore {
  readonly looks: Array<readonly LookRequest[]> = []
  atOnce = 0
  mostAtOnce = 0
  answer: Promise<void> | undefined

  constructor() {
    super(new MemoryTables(systemClock, systemRandom))
  }

  override async look(asked: readonly LookRequest[], deadline: Deadline): Promise<ResourceState[]> {
    this.looks.push(asked)
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.atOnce)
    try {
      await this.answer
      return await super.look(asked, deadline)
    } finally {
      this.atOnce--
    }
  }
}

function setUp() {
  const store = new Watched()
  return { store, lookout: new Poller(store, systemClock, systemRandom) }
}

/** Settles when it is told to. */
function held() {
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

const asked = ({ looks }: Watched) => looks.map(look => look.map(({ key, upTo }) => ({ key, upTo })))

test('one look serves all who are due or nearly, each resource in it once', async t => {
  const { store, lookout } = setUp()
  const waits = [200, 205, 210].map(pace => lookout.poll(KEY, ALL, pace, FOREVER))
  await Promise.all([...waits, lookout.poll(OTHER, 7, 200, FOREVER)])
  t.deepEqual(asked(store), [
    [
      { key: KEY, upTo: ALL },
      { key: OTHER, upTo: 7 },
    ],
  ])
})

test('of those in line only the first looks, however soon the others want to', async t => {
  const { store, lookout } = setUp()
  const served: number[] = []
  const wait = async (upTo: number, paceMs: number) => {
    await lookout.poll(KEY, upTo, paceMs, FOREVER)
    served.push(upTo)
  }
  await Promise.all([wait(3, 0), wait(1, 30), wait(2, 0)])
  t.deepEqual(served, [1, 2, 3], 'each when those before it have gone')
  t.deepEqual(asked(store), [[{ key: KEY, upTo: 3 }], [{ key: KEY, upTo: 2 }], [{ key: KEY, upTo: 3 }]])
})

test('a look goes along the whole line from time to time, so that the dead in it are seen', async t => {
  const { store, lookout } = setUp()
  void lookout.poll(KEY, 9, NEVER, FOREVER)
  await lookout.poll(KEY, 1, 0, FOREVER)
  await lookout.poll(KEY, 1, 0, FOREVER)
  t.deepEqual(asked(store), [[{ key: KEY, upTo: 9 }], [{ key: KEY, upTo: 1 }]])
})

test('a waiter further back looks at its deadline', async t => {
  const { lookout } = setUp()
  void lookout.poll(KEY, 1, NEVER, FOREVER)
  t.is(await ends(lookout.poll(KEY, 2, NEVER, { until: performance.now() + 20 })), 'answered')
})

test('who is hurried looks at once, the first in line only', async t => {
  const { store, lookout } = setUp()
  const first = lookout.poll(KEY, 1, NEVER, FOREVER)
  void lookout.poll(KEY, 2, NEVER, FOREVER)
  lookout.pollNow(OTHER)
  lookout.pollNow(KEY)
  await first
  t.is(store.looks.length, 1)
})

test('a hundred who look every 20 ms ask the server hardly more often than one', async t => {
  const { store, lookout } = setUp()
  const until = performance.now() + 200
  const look = async () => {
    while (performance.now() < until) await lookout.poll(KEY, ALL, 20, FOREVER)
  }
  await Promise.all(Array.from({ length: 100 }, look))
  t.true(store.looks.length <= 60, `${store.looks.length} looks, and not 10 for each`)
})

test('only one look is under way at a time, and who becomes due meanwhile has the next', async t => {
  const { store, lookout } = setUp()
  const look = held()
  store.answer = look.promise
  const first = lookout.poll(KEY, 1, 0, FOREVER)
  while (store.looks.length === 0) await pass(1)
  const second = lookout.poll(KEY, 1, 0, FOREVER)
  await pass(10)
  t.is(store.looks.length, 1)
  look.resolve()
  await Promise.all([first, second])
  t.is(store.looks.length, 2)
  t.is(store.mostAtOnce, 1)
})

test('nobody is asked for those who have gone', async t => {
  const { store, lookout } = setUp()
  const end = new AbortController()
  const waiting = ends(lookout.poll(KEY, 1, 5, { ...FOREVER, signal: end.signal }))
  end.abort('no more')
  t.is(await waiting, 'no more')
  t.is(await ends(lookout.poll(KEY, 1, 5, { ...FOREVER, signal: end.signal })), 'no more')
  await pass(20)
  t.deepEqual(store.looks, [])
})

test('an abort during a look ends the wait at once, and only that', async t => {
  const { store, lookout } = setUp()
  const look = held()
  store.answer = look.promise
  const end = new AbortController()
  const patient = ends(lookout.poll(KEY, 1, 0, FOREVER))
  const other = ends(lookout.poll(KEY, 1, 0, { ...FOREVER, signal: end.signal }))
  while (store.looks.length === 0) await pass(1)
  end.abort('no more')
  t.is(await other, 'no more')
  look.resolve()
  t.is(await patient, 'answered')
})

test('a look that fails is told to those whom it was for, and the others look again', async t => {
  const { store, lookout } = setUp()
  const look = held()
  store.answer = look.promise
  const first = ends(lookout.poll(KEY, 1, 0, FOREVER))
  while (store.looks.length === 0) await pass(1)
  const second = ends(lookout.poll(KEY, 1, 0, FOREVER))
  store.answer = undefined
  look.reject('gone')
  t.is(await first, 'gone')
  t.is(await second, 'answered')
})

test('who waits until a deadline looks once more when it comes, and not later', async t => {
  const { lookout } = setUp()
  const startedAt = performance.now()
  t.is(await ends(lookout.poll(KEY, 1, NEVER, { until: startedAt + 20 })), 'answered')
  t.true(performance.now() - startedAt < 2000)
})

test('a look that hangs for somebody more patient does not hold up who has a deadline', async t => {
  const { store, lookout } = setUp()
  store.answer = new Promise(() => {})
  void lookout.poll(KEY, 1, 0, FOREVER)
  const impatient = lookout.poll(KEY, 1, 0, { until: performance.now() - 4950 })
  await t.throwsAsync(impatient, { instanceOf: SeraError, message: /did not answer/ })
})

test('a waiter that left during a look takes nothing from one that came after it', async t => {
  const { store, lookout } = setUp()
  const look = held()
  store.answer = look.promise
  const end = new AbortController()
  const first = ends(lookout.poll(KEY, 1, 0, { ...FOREVER, signal: end.signal }))
  while (store.looks.length === 0) await pass(1)
  end.abort('no more')
  t.is(await first, 'no more')
  const second = ends(lookout.poll(KEY, 2, NEVER, FOREVER))
  store.answer = undefined
  look.resolve()
  while (store.atOnce > 0) await pass(1)
  lookout.pollNow(KEY)
  t.is(await second, 'answered')
})

test('a waiter that is overtaken in the line looks again when it is the first', async t => {
  const { lookout } = setUp()
  const later = ends(lookout.poll(KEY, 2, 30, FOREVER))
  const end = new AbortController()
  const sooner = ends(lookout.poll(KEY, 1, NEVER, { ...FOREVER, signal: end.signal }))
  end.abort('no more')
  t.is(await sooner, 'no more')
  t.is(await later, 'answered')
})

test('a waiter with the tag of a claim that was granted looks wherever it stands', async t => {
  const { store, lookout } = setUp()
  const request = { id: 'granted', leaseMs: 60_000, tag: 'T' }
  const { mine } = await store.step(KEY, request, (_, me) => granted(me), { join: true, read: 'all', ...FOREVER })
  const ticket = mine?.ticket ?? 0
  void lookout.poll(KEY, ticket + 1, NEVER, FOREVER)
  void lookout.poll(KEY, ticket + 2, NEVER, FOREVER)
  const namesake = ends(lookout.poll(KEY, ticket + 3, NEVER, FOREVER, 'T'))
  lookout.pollNow(KEY)
  t.is(await namesake, 'answered')
})
