/**
 * A session that falls silent in the middle of a step, and rows that other sessions keep locked: what the waiters
 * behind them experience.
 */
import test, { type ExecutionContext } from 'ava'
import { acquire, type WaitPolicy } from '../../../src/claims/acquire.js'
import { Session } from '../../../src/claims/session.js'
import { systemClock, systemRandom } from '../../../src/clock.js'
import type { SeraError } from '../../../src/errors.js'
import { MUTEX } from '../../../src/primitives/mutex.js'
import type { LockTables } from '../../../src/store/tables/lock-tables.js'
import { startFaultyProxy } from '../../support/faulty-proxy.js'
import { type SharedServer, sharedServers } from '../../support/servers.js'
import { until } from '../../support/until.js'
import { type Database, database } from '../database.js'

const KEY = { kind: 'mutex', name: 'x' }

/**
 * A call may take a quarter of this. MySQL checks for expired lock waits once a second, and may end a wait of one
 * second after two.
 */
const CONTENDED_LEASE_MS = 10_000

function participantAt(t: ExecutionContext, store: LockTables): Session {
  const { leaseMs } = store.options
  const session = new Session(store, {
    clock: systemClock,
    random: systemRandom,
    leaseMs,
    graceMs: 500,
    maxClockSkewMs: 30_000,
  })
  t.teardown(() => session.close())
  return session
}

function take(session: Session, waitMs: number, policy: WaitPolicy = MUTEX) {
  const ownClaim = session.newClaim(KEY)
  return acquire(session, ownClaim, {}, policy, { until: session.clock.now() + waitMs })
}

/** Creates the tables and the resource, with a lease long enough for a busy machine. */
async function usedOnce(t: ExecutionContext, store: LockTables): Promise<void> {
  const session = participantAt(t, store)
  const ownClaim = await take(session, 60_000)
  if (ownClaim) await session.leave(ownClaim)
}

/**
 * A participant whose packets are lost from the middle of a step on; the server still has its connection.
 *
 * @param before what it does until that step
 */
async function fallsSilentInAStep(
  t: ExecutionContext,
  server: SharedServer,
  store: LockTables,
  before: (session: Session) => Promise<void> = async () => {},
): Promise<void> {
  const session = participantAt(t, store)
  const proxy = await startFaultyProxy(server.port)
  t.teardown(() => proxy[Symbol.asyncDispose]())
  const [dsn] = store.options.servers
  if (dsn?.address.net === 'tcp') dsn.address.port = proxy.port
  await before(session)
  const silent = new Promise<void>(resolve => {
    const rule: WaitPolicy['rule'] = (state, me) => {
      proxy.dark = true
      resolve()
      return MUTEX.rule(state, me)
    }
    take(session, 60_000, { ...MUTEX, rule }).catch(() => {})
  })
  await silent
}

/** Waits until the only session at the database, except root's, was idle for longer than a step may be silent. */
async function longIdle({ rows, root }: Database): Promise<void> {
  const idle = () =>
    rows('SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> ? AND TIME > 5', [
      root.threadId,
    ])
  await until('it idle for six seconds', async () => (await idle()).length > 0)
}

for (const server of sharedServers()) {
  const { kind } = server

  test(`${kind}: a session silent in a step delays the next waiter for seconds`, async t => {
    const { account, open } = await database(t, server)
    const dsn = await account('ALL')
    const [stalled, behind] = [open(dsn, { leaseMs: 120_000 }), open(dsn, { leaseMs: 120_000 })]
    await participantAt(t, behind).store.look([{ key: KEY, upTo: 0 }], { until: Number.POSITIVE_INFINITY })
    await fallsSilentInAStep(t, server, stalled)
    t.truthy(await take(participantAt(t, behind), 40_000))
  })

  test(`${kind}: a session silent in its first step after a pause delays waiters for seconds`, async t => {
    const db = await database(t, server)
    const dsn = await db.account('ALL')
    const [stalled, behind] = [db.open(dsn, { leaseMs: 120_000 }), db.open(dsn, { leaseMs: 120_000 })]
    await fallsSilentInAStep(t, server, stalled, async session => {
      const ownClaim = await take(session, 0)
      t.truthy(ownClaim && (await session.leave(ownClaim)))
      await longIdle(db)
    })
    t.truthy(await take(participantAt(t, behind), 40_000))
  })

  test.serial(`${kind}: a step of a process that stalled too long is repeated`, async t => {
    const { account, open } = await database(t, server)
    const session = participantAt(t, open(await account('ALL'), { leaseMs: 60_000 }))
    let tries = 0
    const rule: WaitPolicy['rule'] = (state, me) => {
      tries++
      // blocks this thread, as a busy machine does
      if (tries === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000)
      return MUTEX.rule(state, me)
    }
    t.truthy(await take(session, 60_000, { ...MUTEX, rule }))
    t.is(tries, 2)
  })

  test(`${kind}: a session may be idle for longer between steps than within one`, async t => {
    const db = await database(t, server)
    const store = db.open(await db.account('ALL'), { leaseMs: 60_000 })
    const session = participantAt(t, store)
    const ownClaim = await take(session, 0)
    await longIdle(db)
    t.truthy(ownClaim && (await session.leave(ownClaim)))
    t.truthy(await take(session, 0), 'and steps again')
  })

  test(`${kind}: a row locked for longer than a lease does not end a waiter`, async t => {
    const { account, open, another } = await database(t, server)
    let retries = 0
    const number = () => {
      retries++
      return 0.5
    }
    const random = { ...systemRandom, number }
    const dsn = await account('ALL')
    await usedOnce(t, open(dsn))
    const session = participantAt(t, open(dsn, { leaseMs: CONTENDED_LEASE_MS, random }))
    const rival = await another()
    await rival.query('BEGIN')
    await rival.query('SELECT * FROM sera_resource FOR UPDATE')
    const startedAt = systemClock.now()
    const waiting = take(session, 60_000)
    await until('contention for longer than a lease', () => retries > 0 && systemClock.now() - startedAt > 12_000)
    await rival.query('ROLLBACK')
    t.truthy(await waiting)
  })

  test(`${kind}: a locked row ends a call that does not wait`, async t => {
    const { account, open, another } = await database(t, server)
    const dsn = await account('ALL')
    await usedOnce(t, open(dsn))
    const session = participantAt(t, open(dsn, { leaseMs: CONTENDED_LEASE_MS }))
    const rival = await another()
    await rival.query('BEGIN')
    await rival.query('SELECT * FROM sera_resource FOR UPDATE')
    const error = await t.throwsAsync<SeraError>(take(session, 0))
    t.regex(error?.message ?? '', /another transaction keeps a row locked/)
    await rival.query('ROLLBACK')
  })
}
