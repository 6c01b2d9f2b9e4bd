import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { stepUntilGranted, type WaitPolicy } from '../../src/claims/acquire.js'
import { paceTogether } from '../../src/claims/poll-rate.js'
import { SeraError } from '../../src/errors.js'
import { SAFETY_MARGIN_MS } from '../../src/fence.js'
import { barrier } from '../../src/primitives/barrier.js'
import { COUNTER } from '../../src/primitives/counter.js'
import { doubleBarrier, exit } from '../../src/primitives/double-barrier.js'
import { closing, gate, opening, passing } from '../../src/primitives/gate.js'
import { MUTEX } from '../../src/primitives/mutex.js'
import { once } from '../../src/primitives/once/once.js'
import { RWLOCK } from '../../src/primitives/rwlock.js'
import { semaphore } from '../../src/primitives/semaphore.js'
import { type AnswerFault, atOnce, FOREVER, KEY, LEASE_MS, Peers, SKEW_MS, soon, until } from './peers.js'

/** Each kind of wait, with what blocks it: another claim (`held`), or no other participant. */
const BLOCKED: Record<string, { policy: WaitPolicy; units?: number; held?: WaitPolicy }> = {
  mutex: { policy: MUTEX, held: MUTEX },
  rwlock: { policy: RWLOCK, held: RWLOCK },
  semaphore: { policy: semaphore(1), held: semaphore(1) },
  counter: { policy: COUNTER, units: -1 },
  barrier: { policy: barrier(2) },
  'double barrier': { policy: doubleBarrier(2) },
  once: { policy: once(Number.POSITIVE_INFINITY), held: once(Number.POSITIVE_INFINITY) },
  gate: { policy: gate(passing), held: gate(closing(Number.POSITIVE_INFINITY)) },
}

async function blocked(t: ExecutionContext, { held }: { held?: WaitPolicy }) {
  const peers = new Peers(t)
  if (held) await peers.join().turn(held)
  const others = peers.ids
  return { peers, others, me: peers.join() }
}

for (const [name, { policy, units = 1, ...other }] of Object.entries(BLOCKED)) {
  test(`${name}: a wait that times out leaves no claim`, async t => {
    const { peers, others, me } = await blocked(t, other)
    t.is(await me.turn(policy, soon(30), { units }), undefined)
    t.deepEqual(peers.ids, others)
  })

  test(`${name}: a wait of 0 never writes a claim`, async t => {
    const { peers, others, me } = await blocked(t, other)
    const shelf = peers.tables.shelf(KEY)
    let { rows } = shelf
    Object.defineProperty(shelf, 'rows', {
      get: () => rows,
      set: next => {
        if (next.length > others.length) t.fail('a claim was written')
        rows = next
      },
    })
    t.is(await me.turn(policy, atOnce(), { units }), undefined)
    t.deepEqual(peers.ids, others)
  })

  test(`${name}: an aborted wait leaves no claim and rejects with the signal’s reason`, async t => {
    const { peers, others, me } = await blocked(t, other)
    const end = new AbortController()
    const waits = me.turn(policy, { ...FOREVER, signal: end.signal }, { units })
    await until(() => peers.claims.length > others.length)
    end.abort('no more')
    t.is(await waits.catch(error => error), 'no more')
    t.deepEqual(peers.ids, others)
    t.is(await me.turn(policy, { ...FOREVER, signal: end.signal }, { units }).catch(error => error), 'no more')
    t.deepEqual(peers.ids, others)
  })
}

const faults = fc.array(fc.constantFrom<AnswerFault>('none', 'repeated', 'lost'), { maxLength: 3 })
/** After a lost answer the next one arrives. If both were lost, the outcome would be unknown. */
const withRetry = (all: AnswerFault[]) => all.flatMap(fault => (fault === 'lost' ? [fault, 'none' as const] : fault))

test('a counter adds an amount once although answers are lost', async t => {
  const operations = fc.array(fc.record({ units: fc.integer({ min: -3, max: 3 }), faults }), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(operations, async all => {
      const peers = new Peers(t)
      let sum = 0
      for (const { units, faults } of all) {
        const one = peers.join()
        one.store.faults = withRetry(faults)
        const turn = one.turn(COUNTER, soon(units < 0 ? 1 : 1000), { units })
        // a turn fails when its answer was lost and the operation turned out not to be counted
        const ownClaim = await turn.catch(() => undefined)
        if (ownClaim) sum += units
        if (ownClaim && ownClaim.seen?.result !== String(sum)) throw new Error('another result')
      }
      if (peers.resource.value !== sum) throw new Error(`${peers.resource.value} instead of ${sum}`)
    }),
    { numRuns: 40 },
  )
  t.pass()
})

test('a lost answer at a barrier blocks no party and starts no second generation', async t => {
  await fc.assert(
    fc.asyncProperty(fc.array(faults, { minLength: 2, maxLength: 2 }), async each => {
      const peers = new Peers(t)
      const ownClaims = await Promise.all(
        each.map(faults => {
          const one = peers.join()
          // without lost answers: a waiter whose answer is lost fails
          one.store.faults = faults.filter(fault => fault !== 'lost')
          return one.turn(barrier(2))
        }),
      )
      const generations = ownClaims.map(ownClaim => ownClaim?.seen?.generation)
      if (generations.join() !== '1,1' || peers.resource.generation !== 1) throw new Error(generations.join())
    }),
    { numRuns: 20 },
  )
  const peers = new Peers(t)
  const [first, last] = [peers.join(), peers.join()]
  const waits = first.turn(barrier(2))
  await until(() => peers.claims.length === 1)
  last.store.faults = ['lost']
  t.is((await last.turn(barrier(2)))?.seen?.generation, 1)
  t.is((await waits)?.seen?.generation, 1)
})

test('a lock whose grant was lost is free again', async t => {
  const peers = new Peers(t)
  const [first, next] = [peers.join(), peers.join()]
  first.store.faults = ['lost']
  await t.throwsAsync(first.turn(MUTEX), { instanceOf: SeraError, message: /lost/ })
  t.deepEqual(peers.claims, [])
  next.store.faults = ['repeated']
  t.is((await next.turn(MUTEX, atOnce()))?.seen?.state, 'granted')
  t.is(peers.claims.length, 1)
})

test('a party that aborts after its release has passed the barrier', async t => {
  for (const meeting of [barrier(2), doubleBarrier(2)]) {
    const peers = new Peers(t)
    const end = new AbortController()
    const waits = peers.join().turn(meeting, { ...FOREVER, signal: end.signal })
    await until(() => peers.claims.length === 1)
    const last = await peers.join().turn(meeting)
    end.abort('no more')
    t.is((await waits)?.seen?.generation, last?.seen?.generation)
  }
})

test('a waiter for a lock whose claim was reaped queues again, at the end', async t => {
  const peers = new Peers(t)
  const [holder, waiter, next] = [peers.join(), peers.join(), peers.join()]
  const held = await holder.turn(MUTEX)
  const waits = waiter.turn(MUTEX)
  await until(() => peers.claims.length === 2)
  const later = next.turn(MUTEX)
  await until(() => peers.claims.length === 3)
  peers.take(peers.claims[1]!.id)
  await until(() => peers.claims.length === 3)
  await holder.session.leave(held!)
  await next.session.leave((await later)!)
  t.is((await waits)?.seen?.state, 'granted')
})

test('a party whose claim was reaped fails, because it no longer counts', async t => {
  const peers = new Peers(t)
  const waits = peers.join().turn(barrier(2))
  await until(() => peers.claims.length === 1)
  peers.take(peers.claims[0]!.id)
  await t.throwsAsync(waits, { instanceOf: SeraError, message: /no longer counts/ })
  t.deepEqual(peers.claims, [])
})

test('a claim without renewals expires a lease after its recorded sighting', async t => {
  const peers = new Peers(t)
  const [dead, next] = [peers.join(), peers.join()]
  dead.session.forget((await dead.turn(MUTEX))!)
  peers.later += LEASE_MS + 1
  t.is(await next.turn(MUTEX, atOnce()), undefined)
  peers.later += LEASE_MS + SAFETY_MARGIN_MS + SKEW_MS - 500
  t.is(await next.turn(MUTEX, atOnce()), undefined)
  peers.later += 500
  const ownClaim = await next.turn(MUTEX, atOnce())
  t.deepEqual(peers.ids, [ownClaim?.id])
})

test('a claim that its own process has forgotten does not block it', async t => {
  const own = new Peers(t).join()
  own.session.forget((await own.turn(MUTEX))!)
  t.truthy(await own.turn(MUTEX, atOnce()))
})

test('concurrent waiters hold a mutex one at a time, with ascending tokens', async t => {
  const peers = new Peers(t)
  const tokens: number[] = []
  let inside = 0
  const work = async () => {
    const me = peers.join()
    for (let round = 0; round < 4; round++) {
      const ownClaim = await me.turn(MUTEX)
      t.is(++inside, 1)
      tokens.push(ownClaim?.seen?.token as number)
      await new Promise(resolve => setImmediate(resolve))
      inside--
      await me.session.leave(ownClaim!)
    }
  }
  await Promise.all(Array.from({ length: 5 }, work))
  t.is(tokens.length, 20)
  t.deepEqual(
    tokens,
    tokens.toSorted((a, b) => a - b),
  )
})

test('waiters pass an opened gate even if it is closed before they poll', async t => {
  const peers = new Peers(t)
  const keeper = peers.join()
  const close = gate(closing(Number.POSITIVE_INFINITY))
  await keeper.session.leave((await keeper.turn(close))!)
  const waits = Array.from({ length: 3 }, () => peers.join().turn(gate(passing)))
  await until(() => peers.claims.length === 3)
  await keeper.session.leave((await keeper.turn(gate(opening)))!)
  await keeper.turn(close)
  t.true((await Promise.all(waits)).every(ownClaim => ownClaim?.seen?.state === 'granted'))
})

/** The outcome of a wait that is aborted, with reason `still waiting`, once `met` returns true. */
async function after(waits: Promise<unknown>, met: () => boolean, end: AbortController): Promise<unknown> {
  let settled = false
  const outcome = waits
    .catch(error => error)
    .finally(() => {
      settled = true
    })
  await until(() => settled || met())
  end.abort('still waiting')
  return outcome
}

test('a stale poll does not report a new claim as reaped', async t => {
  const early = new Peers(t).join()
  const end = new AbortController()
  early.store.stale = true
  const waits = early.turn(barrier(2), { ...FOREVER, signal: end.signal })
  t.is(await after(waits, () => early.store.reads >= 2, end), 'still waiting')
})

test('a stale poll does not let a party leave a double barrier early', async t => {
  const peers = new Peers(t)
  const [early, other] = [peers.join(), peers.join()]
  const [ownClaim] = await Promise.all([early.turn(doubleBarrier(2)), other.turn(doubleBarrier(2))])
  const end = new AbortController()
  early.store.stale = true
  early.store.reads = 0
  const leaving: WaitPolicy = { rule: exit, pace: paceTogether, onlyAhead: false, groupGrant: true }
  const leaves = stepUntilGranted(early.session, ownClaim!, {}, leaving, { ...FOREVER, signal: end.signal })
  t.is(await after(leaves, () => early.store.reads >= 2, end), 'still waiting')
})

test('after the deadline a claim joins the queue only with queuesPastDeadline', async t => {
  const peers = new Peers(t)
  await peers.join().turn(MUTEX)
  const { session } = peers.join()
  const queue = (queues: boolean) =>
    stepUntilGranted(session, session.newClaim(KEY), {}, { ...MUTEX, queuesPastDeadline: queues }, atOnce())
  t.false(await queue(false))
  t.is(peers.claims.length, 1)
  t.false(await queue(true))
  t.deepEqual(
    peers.claims.map(({ state }) => state),
    ['granted', 'waiting'],
  )
})
