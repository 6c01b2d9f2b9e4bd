/**
 * One library process that waits at one mutex, many times over. Told over IPC: `wait` makes that many claims, one after the
 * other; each that is granted holds for a while, says when it began and ended, and goes. Times are the machine's monotonic
 * clock, which all processes share.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../dist/clock.js'
import { parseDsn } from '../dist/config/dsn.js'
import { MUTEX } from '../dist/primitives/mutex.js'
import { Participant } from '../dist/primitives/participant.js'
import { takeTurn } from '../dist/primitives/turn.js'
import { attributesOf } from '../dist/store/connect.js'
import { LockTables } from '../dist/store/lock-tables.js'
import { ownerOf } from '../dist/store/owner.js'

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
const participant = new Participant(store, { clock: systemClock, leaseMs, graceMs: 10_000, maxClockSkewMs: 30_000 })
const key = { kind: 'mutex', name }

async function turn() {
  const place = participant.place(key)
  const granted = await takeTurn(participant, place, {}, MUTEX, { until: Number.POSITIVE_INFINITY })
  const from = now()
  const { ticket } = granted.claim
  await sleep(Number(holdMs))
  const to = now()
  await participant.leave(granted)
  process.send({ ticket, from, to })
}

process.on('message', async ({ wait }) => {
  const turns = Array.from({ length: wait }, turn)
  await Promise.all(turns)
  await participant.close()
  process.disconnect()
})
process.send('ready')
