/** Contract: when a claim expires, for sessions that do not wait and for the reaper. */
import type { ExecutionContext } from 'ava'
import type { Sera } from '../../src/lib/sera.js'
import { type ContractHarness, contract, type Mortal } from './harness.js'

const LEASE_MS = 60_000
const SKEW_MS = 30_000
const MARGIN_MS = 1000
/** The age at which a sighting proves that the claim is dead. */
const PROOF_MS = LEASE_MS + MARGIN_MS + SKEW_MS
/** Time that the test itself may take. */
const SLACK_MS = 20_000
const IMPATIENT = { leaseMs: LEASE_MS, maxClockSkewMs: SKEW_MS }
const AT_ONCE = { wait: 0 }

type Kind = 'mutex' | 'semaphore'

function acquire(sera: Sera, bench: ContractHarness, kind: Kind) {
  return (kind === 'mutex' ? sera.mutex(bench.name) : sera.semaphore(bench.name, 1)).acquire(AT_ONCE)
}

async function isRefused(t: ExecutionContext, bench: ContractHarness, kind: Kind = 'mutex'): Promise<void> {
  t.like(await t.throwsAsync(acquire(bench.join(IMPATIENT), bench, kind)), { kind: 'timed-out' })
}

/** A session that acquired the lock and was killed. */
async function killed(bench: ContractHarness): Promise<void> {
  const { sera, die } = bench.mortal(IMPATIENT)
  await acquire(sera, bench, 'mutex')
  die()
}

for (const kind of ['mutex', 'semaphore'] as const) {
  contract(`a live ${kind} is refused to others after the server’s clock was put forward`, async (t, bench) => {
    const lock = await acquire(bench.join(IMPATIENT), bench, kind)
    await bench.tables.forward(2 * LEASE_MS)
    await isRefused(t, bench, kind)
    await isRefused(t, bench, kind)
    t.true(lock.held)
    await lock.release()
    await (await acquire(bench.join(IMPATIENT), bench, kind)).release()
  })
}

contract('a try of 0 gets the lock of a killed holder after an old enough sighting', async (t, bench) => {
  await killed(bench)
  await isRefused(t, bench)
  await bench.tables.forward(LEASE_MS)
  await isRefused(t, bench)
  await bench.tables.forward(PROOF_MS - SLACK_MS)
  await isRefused(t, bench)
  await bench.tables.forward(SLACK_MS)
  await (await acquire(bench.join(IMPATIENT), bench, 'mutex')).release()
})

contract('a renewal makes earlier sightings invalid', async (t, bench) => {
  const holder = bench.mortal(IMPATIENT)
  const lock = await acquire(holder.sera, bench, 'mutex')
  await bench.tables.forward(2 * LEASE_MS)
  await isRefused(t, bench)
  await renew(holder, bench)
  await bench.tables.forward(PROOF_MS)
  await isRefused(t, bench)
  await lock.release()
})

contract('the reaper removes dead claims at an unused name, and no live claim', async (t, bench) => {
  const reaping = bench.mortal(IMPATIENT)
  const alive = await reaping.sera.mutex('another').acquire(AT_ONCE)
  const holder = bench.mortal(IMPATIENT)
  const lock = await holder.sera.semaphore(bench.name, 3).acquire(AT_ONCE)
  const gone = bench.mortal(IMPATIENT)
  await gone.sera.semaphore(bench.name, 3).acquire(AT_ONCE)
  gone.die()
  const { reaper } = reaping.session
  t.is(await reaper.round(), 0, 'no lease is over')
  await bench.tables.forward(LEASE_MS)
  t.is(await reaper.round(), 0, 'each gets its first sighting')
  for (const [one, name] of [
    [holder, bench.name],
    [reaping, 'another'],
  ] as const)
    await renew(one, bench, name)
  await bench.tables.forward(PROOF_MS)
  await renew(holder, bench)
  t.is(await reaper.round(), 1)
  const [first, ...others] = await holder.sera.semaphore(bench.name, 3).contenders()
  t.deepEqual([first?.token, others.length], [lock.token, 0])
  t.true(alive.held && lock.held)
  await alive.release()
  await lock.release()
})

/** Renews as the holder's next heartbeat does. */
async function renew(
  { session: { store, farewell } }: Mortal,
  bench: ContractHarness,
  name = bench.name,
): Promise<void> {
  for (const kind of ['mutex', 'semaphore']) {
    const claims = await store.listClaims({ kind, name }, farewell)
    await store.renew(
      claims.filter(({ processId }) => processId === store.processId).map(({ id }) => id),
      farewell,
    )
  }
}
