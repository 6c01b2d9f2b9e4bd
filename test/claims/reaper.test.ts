import test from 'ava'
import { acquire } from '../../src/claims/acquire.js'
import { Session, type SessionOptions } from '../../src/claims/session.js'
import { systemClock, systemRandom } from '../../src/clock.js'
import { MUTEX } from '../../src/primitives/mutex.js'
import { MemoryStore, MemoryTables } from '../../src/store/tables/memory-store.js'

const EVERY_MS = 20_000
const LEASE_MS = 2000
/** Lease, margin and skew. */
const PROOF_MS = LEASE_MS + 1000 + 500

class CountingStore extends MemoryStore {
  rounds = 0

  override sight(...asked: Parameters<MemoryStore['sight']>): Promise<void> {
    this.rounds++
    return super.sight(...asked)
  }
}

/** Participants on a clock that the test moves. */
function tablesOf() {
  const clock = { ...systemClock, time: 0, now: () => clock.time, boot: () => clock.time, wall: () => clock.time }
  const tables = new MemoryTables(clock, systemRandom)
  const join = (options: Partial<SessionOptions> = {}) => {
    const store = new CountingStore(tables)
    const timing = { clock, random: systemRandom, leaseMs: LEASE_MS, graceMs: 0, maxClockSkewMs: 500 }
    return { store, session: new Session(store, { ...timing, reapEveryMs: EVERY_MS, ...options }) }
  }
  const abandoned = async (count: number) => {
    const { session } = join()
    for (let at = 0; at < count; at++) {
      const ownClaim = session.newClaim({ kind: 'mutex', name: `job ${at}` })
      await acquire(session, ownClaim, {}, MUTEX, { until: clock.time })
      session.forget(ownClaim)
    }
  }
  return { clock, tables, join, abandoned, left: () => [...tables.shelves.values()].flatMap(({ rows }) => rows).length }
}

test('a round is due at its interval and not before', async t => {
  const { clock, join } = tablesOf()
  const { store, session } = join()
  await session.reaper.tick()
  clock.time += EVERY_MS / 2 - 1
  await session.reaper.tick()
  t.is(store.rounds, 0)
  clock.time += EVERY_MS + 1
  await Promise.all([session.reaper.tick(), session.reaper.tick()])
  await session.reaper.tick()
  t.is(store.rounds, 1)
})

test('a round reaps old sightings at many names and continues while there are more', async t => {
  const { clock, join, abandoned, left } = tablesOf()
  await abandoned(250)
  const { store, session } = join()
  clock.time += 2 * EVERY_MS
  await session.reaper.tick()
  t.is(left(), 250, 'the first sighting')
  clock.time += PROOF_MS
  t.is(await session.reaper.round(), 0)
  clock.time += 2 * EVERY_MS
  await session.reaper.tick()
  t.is(left(), 50)
  await session.reaper.tick()
  t.is(left(), 0)
  t.is(store.rounds, 4)
})

test('a failed round does not reject and is retried', async t => {
  const { clock, join } = tablesOf()
  const { store, session } = join()
  store.expired = () => Promise.reject(new Error('the server is down'))
  for (const rounds of [1, 2]) {
    clock.time += 2 * EVERY_MS
    await t.notThrowsAsync(session.reaper.tick())
    t.is(store.rounds, rounds)
  }
})
