/**
 * Contenders on one server. Each promise holds (`same`), or sera refuses the server with a reason before anything is
 * locked. Any other result is wrong.
 */
import { systemClock, systemRandom } from '../../../src/clock.js'
import { parseDsn } from '../../../src/config/dsn.js'
import { SeraError } from '../../../src/errors.js'
import { connect, type Sera } from '../../../src/lib/index.js'
import { GetLockMutex } from '../../../src/store/get-lock/mutex.js'
import { supportRules } from '../../../src/store/get-lock/server-support.js'
import type { Admin } from '../../support/admin.js'
import { lockTables } from '../../support/lock-tables.js'
import type { SharedServer } from '../../support/servers.js'
import { until } from '../../support/until.js'

export type Promised = 'GET_LOCK' | 'tables'

/** `refused`: the reason. `wrong`: what was observed. */
export type Verdict = 'same' | { refused: string } | { wrong: string }

export type Verdicts = Readonly<Record<Promised, Verdict>>

const CONTENDERS = 6
const PERMITS = 3
const ROUNDS = 3
const LEASE_MS = 6000
const CONNECT_WAIT_MS = 3000

/** `name`: unique on the server. `longMs`: the minimum wait for GET_LOCK. */
export async function contend(server: SharedServer, above: Admin, name: string, longMs: number): Promise<Verdicts> {
  const [getLock, tables] = await Promise.all([
    verdictOf(() => atGetLock(server, above, name, longMs)),
    verdictOf(() => atTables(server, above, name)),
  ])
  return { GET_LOCK: getLock, tables }
}

async function verdictOf(work: () => Promise<void>): Promise<Verdict> {
  try {
    await work()
    return 'same'
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    const isRefusal = error instanceof SeraError && error.kind === 'lock-failed' && /^[^\n]+$/.test(text)
    return isRefusal ? { refused: text } : { wrong: text }
  }
}

function check(isKept: boolean, complaint: string): void {
  if (!isKept) throw new Error(complaint)
}

/** Counts concurrent holders of the lock. */
class Holders {
  #now = 0
  most = 0

  async hold(): Promise<void> {
    this.most = Math.max(this.most, ++this.#now)
    await new Promise(resolve => setImmediate(resolve))
    this.#now--
  }
}

async function atGetLock(server: SharedServer, above: Admin, name: string, longMs: number): Promise<void> {
  const lock = `it's ${name}`
  const holders = new Holders()
  const rounds = Array.from({ length: CONTENDERS }, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const held = await mutex(server, lock).acquire(forever())
      await holders.hold()
      await held?.release()
    }
  })
  await Promise.all(rounds)
  check(holders.most === 1, `${holders.most} sessions held one GET_LOCK at once`)
  await waitLong(server, above, lock, longMs)
}

/** A wait longer than the server's limit for a statement. */
async function waitLong(server: SharedServer, above: Admin, lock: string, longMs: number): Promise<void> {
  const held = await mutex(server, lock).acquire(forever())
  const waiter = mutex(server, lock).acquire(forever())
  waiter.catch(() => {})
  await until('a waiter', () => above.waitsFor(lock))
  const since = performance.now()
  await until('it has waited for long', () => performance.now() - since >= longMs)
  await held?.release()
  const next = await waiter
  check(next !== undefined, 'a waiter without a deadline was not granted')
  await next?.release()
}

function mutex(server: SharedServer, name: string): GetLockMutex {
  return new GetLockMutex(name, {
    dsn: parseDsn(server.dsn()),
    connectWaitMs: CONNECT_WAIT_MS,
    attributes: { program_name: 'sera' },
    leaseMs: LEASE_MS,
    rules: supportRules('auto', false),
    clock: systemClock,
    random: systemRandom,
  })
}

function forever() {
  return { until: Number.POSITIVE_INFINITY, signal: new AbortController().signal }
}

async function atTables(server: SharedServer, above: Admin, name: string): Promise<void> {
  const seras = await Promise.all(Array.from({ length: CONTENDERS }, () => open(server)))
  try {
    const holders = new Holders()
    await Promise.all(seras.map(sera => takeTurns(sera, name, holders)))
    check(holders.most <= PERMITS, `${holders.most} held ${PERMITS} permits at once`)
    await allTaken(seras, `${name} taken`)
    const [first, second] = seras as [Sera, Sera]
    await Promise.all(seras.map(sera => sera.counter(name).add(1)))
    check((await first.counter(name).add(0)) === CONTENDERS, 'additions to a counter were lost')
    check((await second.counter(`${name}ä`).add(0)) === 0, 'two names are one counter')
    await renewed(first, second, above, name)
    await committed(server, above, name)
  } finally {
    await Promise.allSettled(seras.map(sera => sera.close()))
  }
}

function open(server: SharedServer): Promise<Sera> {
  return connect({ server: server.dsn(), lease: LEASE_MS, grace: 500, connectWait: CONNECT_WAIT_MS })
}

async function takeTurns(sera: Sera, name: string, holders: Holders): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const lock = await sera.semaphore(name, PERMITS).acquire()
    await holders.hold()
    await lock.release()
  }
}

/** While all units are held, no other session gets one. */
async function allTaken(seras: readonly Sera[], name: string): Promise<void> {
  const holders = await Promise.all(seras.slice(0, PERMITS).map(sera => sera.semaphore(name, PERMITS).acquire()))
  for (const sera of seras.slice(PERMITS)) {
    const more = await sera.semaphore(name, PERMITS).acquire({ wait: 0 }).catch(unlessTimedOut)
    check(more === undefined, `more than ${PERMITS} hold ${PERMITS} permits`)
  }
  await Promise.all(holders.map(lock => lock.release()))
}

function unlessTimedOut(error: unknown): undefined {
  if (!(error instanceof SeraError && error.kind === 'timed-out')) throw error
}

/** A renewal counts once another session reads it. A waiting claim keeps the connection on which its step was committed. */
async function renewed(sera: Sera, other: Sera, above: Admin, name: string): Promise<void> {
  const awaited = await other.mutex(`${name} awaited`).acquire()
  const held = await sera.mutex(`${name} renewed`).acquire()
  const next = sera.mutex(`${name} awaited`).acquire()
  next.catch(() => {})
  await until('a renewal that is committed', async () => (await above.renewals(`${name} renewed`)) > 0)
  check(held.held, 'a lock was lost while it was held')
  await awaited.release()
  await (await next).release()
  await held.release()
}

/** A single statement after a step, on the same connection, commits by itself, as a renewal must. */
async function committed(server: SharedServer, above: Admin, name: string): Promise<void> {
  const tables = lockTables([server.dsn()], { leaseMs: LEASE_MS, connectWaitMs: CONNECT_WAIT_MS })
  const statement = 'UPDATE sera_resource SET capacity = 7 WHERE kind = ? AND name = ?'
  const deadline = { until: systemClock.now() + CONNECT_WAIT_MS }
  const seen = await tables.client.persist(async connection => {
    await connection.begin()
    await connection.commit()
    await connection.change(statement, ['counter', name])
    return await above.capacity(name)
  }, deadline)
  await tables.close()
  check(seen === 7, 'a single statement was not committed')
}
