/** What the history says of claims that were taken from their holders. */
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../src/clock.js'
import { MUTEX } from '../../src/primitives/mutex.js'
import { type Ask, Participant } from '../../src/primitives/participant.js'
import type { Place } from '../../src/primitives/place.js'
import { takeTurn, type Waiting } from '../../src/primitives/turn.js'
import { breakClaims } from '../../src/store/breaking.js'
import { NOBODY } from '../../src/store/claims.js'
import { readHistory } from '../../src/store/history.js'
import type { LockTables } from '../../src/store/lock-tables.js'
import { sharedServers } from '../support/servers.js'
import { type Database, database, patience } from './database.js'

const LEASE_MS = 1500

function participantAt(t: ExecutionContext, store: LockTables, leaseMs = 60_000): Participant {
  const participant = new Participant(store, { clock: systemClock, leaseMs, graceMs: 0, maxClockSkewMs: 3_600_000 })
  t.teardown(() => participant.close())
  return participant
}

async function take(participant: Participant, kind = 'mutex', ask: Ask = {}, waiting: Waiting = MUTEX): Promise<Place> {
  const until = systemClock.now() + 45_000
  const place = await takeTurn(participant, participant.place({ kind, name: 'x' }), ask, waiting, { until })
  if (!place) throw new Error('not granted')
  return place
}

/** A claim that nobody renews any more, as that of a process that was killed. */
async function vanishes(t: ExecutionContext, store: LockTables, ...how: [kind?: string, ask?: Ask]): Promise<Place> {
  const participant = participantAt(t, store, LEASE_MS)
  const place = await take(participant, ...how)
  participant.forget(place)
  return place
}

const entries = ({ rows }: Database) =>
  rows('SELECT kind, name, token, host, pid, user, command, outcome, exit_code, reason FROM sera_history')

for (const server of sharedServers()) {
  const { kind } = server

  test(`${kind}: a holder that vanished leaves one entry, however many waiters find out`, async t => {
    const db = await database(t, server)
    const dsn = await db.account('ALL')
    const open = (label: string) =>
      db.open(dsn, { keepsHistory: true, owner: { host: 'h', pid: 7, user: 'u', command: label } })
    const { claim } = await vanishes(t, open('gone'))
    const waiters = await Promise.all(
      ['a', 'b', 'c'].map(async label => {
        const participant = participantAt(t, open(label))
        const place = await take(participant)
        await participant.leave(place)
      }),
    )
    t.is(waiters.length, 3)
    const owner = { host: 'h', pid: 7, user: 'u', command: 'gone' }
    const taken = { outcome: 'abandoned', exit_code: 206, reason: null }
    t.deepEqual(await entries(db), [{ kind: 'mutex', name: 'x', token: claim?.token, ...owner, ...taken }] as never)
    const [entry] = await readHistory(open('reader').calls, { limit: 10 }, patience())
    t.like(entry, { outcome: 'abandoned', reason: undefined })
    t.true((entry?.ranMs ?? 0) >= LEASE_MS)
  })

  test(`${kind}: a claim that was not held, and one whose time was set, leave no entry`, async t => {
    const db = await database(t, server)
    const store = () => db.open(dsn, { keepsHistory: true })
    const dsn = await db.account('ALL')
    await vanishes(t, store(), 'gate')
    await take(participantAt(t, store()), 'gate')
    await vanishes(t, store(), 'semaphore', { processId: NOBODY })
    await take(participantAt(t, store()), 'semaphore')
    const silent = () => db.open(dsn)
    await vanishes(t, silent())
    await take(participantAt(t, silent()))
    t.deepEqual(await entries(db), [])
  })

  test(`${kind}: an entry that can’t be written fails no step and holds none up`, async t => {
    const db = await database(t, server)
    const dsn = await db.account('ALL')
    const store = () => db.open(dsn, { keepsHistory: true })
    await vanishes(t, store())
    const locker = await db.another()
    await locker.query('LOCK TABLES sera_history WRITE')
    const participant = participantAt(t, store())
    await participant.leave(await take(participant))
    await locker.query('UNLOCK TABLES')
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

  test(`${kind}: a break leaves an entry for each claim that it removes, with its reason, and for no other`, async t => {
    const db = await database(t, server)
    const store = db.open(await db.account('ALL'), { keepsHistory: true })
    const participant = participantAt(t, store)
    const one = await take(participant, 'mutex')
    const other = await take(participant, 'rwlock')
    await participant.leave(other)
    const broke = () => breakClaims(store.calls, [one.id, other.id], 'hangs', patience())
    t.true(await broke())
    t.false(await broke())
    const taken = { kind: 'mutex', token: one.claim?.token, outcome: 'broken', exit_code: 206, reason: 'hangs' }
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
