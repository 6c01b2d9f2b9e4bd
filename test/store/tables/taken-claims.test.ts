/** History entries of claims that were taken from their holders. */
import test, { type ExecutionContext } from 'ava'
import { acquire, type WaitPolicy } from '../../../src/claims/acquire.js'
import { NO_PROCESS } from '../../../src/claims/model.js'
import type { OwnClaim } from '../../../src/claims/own-claim.js'
import { type ClaimSpec, Session, type SessionOptions } from '../../../src/claims/session.js'
import { systemClock, systemRandom } from '../../../src/clock.js'
import { MUTEX } from '../../../src/primitives/mutex.js'
import { breakClaims } from '../../../src/store/tables/break-claims.js'
import { readHistory } from '../../../src/store/tables/history.js'
import type { LockTables } from '../../../src/store/tables/lock-tables.js'
import { sharedServers } from '../../support/servers.js'
import { until } from '../../support/until.js'
import { type Database, database, deadline } from '../database.js'

const LEASE_MS = 1500

function participantAt(t: ExecutionContext, store: LockTables, options: Partial<SessionOptions> = {}): Session {
  const timing = { clock: systemClock, random: systemRandom, leaseMs: 60_000, graceMs: 0, maxClockSkewMs: 3_600_000 }
  const session = new Session(store, { ...timing, ...options })
  t.teardown(() => session.close())
  return session
}

async function take(
  session: Session,
  kind = 'mutex',
  spec: ClaimSpec = {},
  policy: WaitPolicy = MUTEX,
): Promise<OwnClaim> {
  const until = systemClock.now() + 45_000
  const ownClaim = await acquire(session, session.newClaim({ kind, name: 'x' }), spec, policy, { until })
  if (!ownClaim) throw new Error('not granted')
  return ownClaim
}

/** A claim that is no longer renewed, like that of a killed process. */
async function vanishes(
  t: ExecutionContext,
  store: LockTables,
  ...how: [kind?: string, ask?: ClaimSpec]
): Promise<OwnClaim> {
  const session = participantAt(t, store, { leaseMs: LEASE_MS })
  const ownClaim = await take(session, ...how)
  session.forget(ownClaim)
  return ownClaim
}

/** The same for a participant that waits behind the holder. */
async function vanishesWaiting(t: ExecutionContext, store: LockTables): Promise<void> {
  const session = participantAt(t, store, { leaseMs: LEASE_MS })
  const ownClaim = session.newClaim({ kind: 'mutex', name: 'x' })
  await session.step(ownClaim, {}, MUTEX.rule, { join: true, read: 'all', ...deadline() })
  session.forget(ownClaim)
}

/** Each connection fails at its first deletion of a claim, as if another transaction were first. */
const FAILS_ONCE = `CREATE TRIGGER fails_once BEFORE DELETE ON sera_claim FOR EACH ROW
  IF @has_failed IS NULL THEN
    SET @has_failed = 1;
    SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213;
  END IF`

/** The result of the work; undefined when a session waits five seconds for the history's table. */
async function unlessHeldUp<T>({ rows }: Database, work: Promise<T>): Promise<T | undefined> {
  let isOver = false
  const note = () => {
    isOver = true
  }
  work.then(note, note)
  const waits = `SELECT ID FROM information_schema.PROCESSLIST
    WHERE DB = DATABASE() AND STATE LIKE '%metadata lock%' AND INFO LIKE '%sera_history%' AND TIME > 4`
  await until('a result, or a long wait', async () => isOver || (await rows(waits)).length > 0)
  return isOver ? await work : undefined
}

const entries = ({ rows }: Database) =>
  rows('SELECT kind, name, token, host, pid, user, command, outcome, exit_code, reason FROM sera_history')

for (const server of sharedServers()) {
  const { kind } = server

  test(`${kind}: a vanished holder has one entry when many waiters detect it`, async t => {
    const db = await database(t, server)
    const dsn = await db.account('ALL')
    const open = (label: string) =>
      db.open(dsn, { keepsHistory: true, owner: { host: 'h', pid: 7, user: 'u', command: label } })
    const { seen: claim } = await vanishes(t, open('gone'))
    const waiters = await Promise.all(
      ['a', 'b', 'c'].map(async label => {
        const session = participantAt(t, open(label))
        const ownClaim = await take(session)
        await session.leave(ownClaim)
      }),
    )
    t.is(waiters.length, 3)
    const owner = { host: 'h', pid: 7, user: 'u', command: 'gone' }
    const taken = { outcome: 'abandoned', exit_code: 206, reason: null }
    t.deepEqual(await entries(db), [{ kind: 'mutex', name: 'x', token: claim?.token, ...owner, ...taken }] as never)
    const [entry] = await readHistory(open('reader').client, { limit: 10 }, deadline())
    t.like(entry, { outcome: 'abandoned', reason: undefined })
    t.true((entry?.ranMs ?? 0) >= LEASE_MS)
  })

  test(`${kind}: a repeated step writes one entry for the reaped holder`, async t => {
    const db = await database(t, server)
    const dsn = await db.account('ALL')
    const open = () => db.open(dsn, { keepsHistory: true })
    await vanishes(t, open())
    await db.root.query(FAILS_ONCE)
    let tries = 0
    const rule: WaitPolicy['rule'] = (state, me) => {
      if (state.claims.length === 1) tries++
      return MUTEX.rule(state, me)
    }
    t.truthy(await take(participantAt(t, open()), 'mutex', {}, { ...MUTEX, rule }))
    t.true(tries > 1)
    t.deepEqual(
      (await entries(db)).map(({ outcome }) => outcome),
      ['abandoned'],
    )
  })

  test(`${kind}: a reaper writes one entry for a vanished holder, none for a waiter`, async t => {
    const db = await database(t, server)
    const dsn = await db.account('ALL')
    const open = () => db.open(dsn, { keepsHistory: true })
    const { seen: claim } = await vanishes(t, open())
    await vanishesWaiting(t, open())
    t.is((await db.rows('SELECT id FROM sera_claim')).length, 2)
    const { reaper } = participantAt(t, open(), { maxClockSkewMs: 0 })
    await until(
      'both are reaped',
      async () => {
        await reaper.round()
        return (await db.rows('SELECT id FROM sera_claim')).length === 0
      },
      { everyMs: 100 },
    )
    t.deepEqual(
      (await entries(db)).map(({ token, outcome }) => ({ token, outcome })),
      [{ token: claim?.token, outcome: 'abandoned' }] as never,
    )
  })

  test(`${kind}: a reaped gate claim and an expired pool claim have no entry`, async t => {
    const db = await database(t, server)
    const store = () => db.open(dsn, { keepsHistory: true })
    const dsn = await db.account('ALL')
    await vanishes(t, store(), 'gate')
    await take(participantAt(t, store()), 'gate')
    await vanishes(t, store(), 'semaphore', { processId: NO_PROCESS })
    await take(participantAt(t, store()), 'semaphore')
    const silent = () => db.open(dsn)
    await vanishes(t, silent())
    await take(participantAt(t, silent()))
    t.deepEqual(await entries(db), [])
  })

  test(`${kind}: an entry that can’t be written neither fails nor delays a step`, async t => {
    const db = await database(t, server)
    const dsn = await db.account('ALL')
    const store = () => db.open(dsn, { keepsHistory: true })
    await vanishes(t, store())
    const locker = await db.another()
    await locker.query('LOCK TABLES sera_history WRITE')
    const session = participantAt(t, store())
    const ownClaim = await unlessHeldUp(db, take(session))
    t.truthy(ownClaim, 'the step does not wait for the locked history')
    await locker.query('UNLOCK TABLES')
    if (ownClaim) await session.leave(ownClaim)
    await vanishes(t, store())
    await db.root.query('RENAME TABLE sera_history TO elsewhere')
    const after = participantAt(t, store())
    await after.leave(await take(after))
    await db.root.query('RENAME TABLE elsewhere TO sera_history')
    await vanishes(t, store())
    const user = dsn.split(':')[0]
    await db.root.query(`REVOKE ALL ON ${db.name}.* FROM '${user}'@'%'`)
    for (const table of ['resource', 'claim', 'schema']) {
      await db.root.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${db.name}.sera_${table} TO '${user}'@'%'`)
    }
    const weak = participantAt(t, store())
    await weak.leave(await take(weak))
    t.deepEqual(await entries(db), [])
  })

  test(`${kind}: a break writes one entry with the reason for each removed claim`, async t => {
    const db = await database(t, server)
    const store = db.open(await db.account('ALL'), { keepsHistory: true })
    const session = participantAt(t, store)
    const one = await take(session, 'mutex')
    const other = await take(session, 'rwlock')
    await session.leave(other)
    const broke = () => breakClaims(store.client, [one.id, other.id], 'hangs', deadline())
    t.true(await broke())
    t.false(await broke())
    const taken = { kind: 'mutex', token: one.seen?.token, outcome: 'broken', exit_code: 206, reason: 'hangs' }
    t.deepEqual(
      (await entries(db)).map(({ kind, token, outcome, exit_code, reason }) => ({
        kind,
        token,
        outcome,
        exit_code,
        reason,
      })),
      [taken] as never,
    )
  })
}
