/**
 * One library process with many claims at one mutex. The message `wait` makes that many claims, one after the other.
 * Each granted claim holds for a while, reports its start and end, and is released. Times are of the machine's
 * monotonic clock, which all processes share.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { acquire } from '../dist/claims/acquire.js'
import { ownerOf } from '../dist/claims/owner.js'
import { systemClock } from '../dist/clock.js'
import { parseDsn } from '../dist/config/dsn.js'
import { MUTEX } from '../dist/primitives/mutex.js'
import { Session } from '../dist/primitives/session.js'
import { attributesOf } from '../dist/store/mysql/connect.js'
import { LockTables } from '../dist/store/tables/lock-tables.js'

const [dsn, name, holdMs] = process.argv.slice(2)
const leaseMs = 60_000
const now = () => Number(process.hrtime.bigint()) / 1e6
const store = new LockTables({
  servers: [parseDsn(dsn)],
  owner: ownerOf(process.pid, ['bench']),
  attributes: attributesOf(process.pid, ['bench']),
  leaseMs,
  connectWaitMs: 30_000,
  namespace: '',
  clock: systemClock,
  random: Math.random,
})
const session = new Session(store, { clock: systemClock, leaseMs, graceMs: 10_000, maxClockSkewMs: 30_000 })
const key = { kind: 'mutex', name }

async function turn() {
  const ownClaim = session.newClaim(key)
  const granted = await acquire(session, ownClaim, {}, MUTEX, { until: Number.POSITIVE_INFINITY })
  const from = now()
  const { ticket } = granted.seen
  await sleep(Number(holdMs))
  const to = now()
  await session.leave(granted)
  process.send({ ticket, from, to })
}

process.on('message', async ({ wait }) => {
  const turns = Array.from({ length: wait }, turn)
  await Promise.all(turns)
  await session.close()
  process.disconnect()
})
process.send('ready')
