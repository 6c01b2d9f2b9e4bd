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

/** Each kind of wait, where somebody else keeps it from being let on. */
const HELD: Record<string, { policy: WaitPolicy; units?: number; held?: WaitPolicy }> = {
  mutex: { policy: MUTEX, held: MUTEX },
  rwlock: { policy: RWLOCK, held: RWLOCK },
  semaphore: { policy: semaphore(1), held: semaphore(1) },
  counter: { policy: COUNTER, units: -1 },
  barrier: { policy: barrier(2) },
  'double barrier': { policy: doubleBarrier(2) },
  once: { policy: once(Number.POSITIVE_INFINITY), held: once(Number.POSITIVE_INFINITY) },
  gate: { policy: gate(passing), held: gate(closing(Number.POSITIVE_INFINITY)) },
}

async function heldUp(t: ExecutionContext, { held }: { held?: WaitPolicy }) {
  const company = new Peers(t)
  if (held) await company.join().turn(held)
  const others = company.ids
  return { company, others, me: company.join() }
}

for (const [name, { policy, units = 1, ...other }] of Object.entries(HELD)) {
  test(`${name}: a wait that times out leaves no claim`, async t => {
    const { company, others, me } = await heldUp(t, other)
    t.is(await me.turn(policy, soon(30), { units }), undefined)
    t.deepEqual(company.ids, others)
  })

  test(`${name}: a wait of 0 never writes a claim`, async t => {
    const { company, others, me } = await heldUp(t, other)
    const shelf = company.tables.shelf(KEY)
    let { rows } = shelf
    Object.defineProperty(shelf, 'rows', {
      get: () => rows,
      set: next => {
        if (next.length > others.length) t.fail('a claim was written')
        rows = next
      },
    })
    t.is(await me.turn(policy, atOnce(), { units }), undefined)
    t.deepEqual(company.ids, others)
  })

  test(`${name}: a wait that is broken off leaves no claim and ends with the signal’s reason`, async t => {
    const { company, others, me } = await heldUp(t, other)
    const end = new AbortController()
    const waits = me.turn(policy, { ...FOREVER, signal: end.signal }, { units })
    await until(() => company.claims.length > others.length)
    end.abort('no more')
    t.is(await waits.catch(error => error), 'no more')
    t.deepEqual(company.ids, others)
    t.is(await me.turn(policy, { ...FOREVER, signal: end.signal }, { units }).catch(error => error), 'no more')
    t.deepEqual(company.ids, others)
  })
}

const faults = fc.array(fc.constantFrom<AnswerFault>('none', 'repeated', 'lost'), { maxLength: 3 })
/** An answer that gets lost is asked for; when that gets lost too, nobody knows. */
const asked = (all: AnswerFault[]) => all.flatMap(fault => (fault === 'lost' ? [fault, 'none' as const] : fault))

test('an answer that gets lost neither counts twice nor gets lost: the counter is the sum of what was told', async t => {
  const operations = fc.array(fc.record({ units: fc.integer({ min: -3, max: 3 }), faults }), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(operations, async all => {
      const company = new Peers(t)
      let sum = 0
      for (const { units, faults } of all) {
        const one = company.join()
        one.store.faults = asked(faults)
        const turn = one.turn(COUNTER, soon(units < 0 ? 1 : 1000), { units })
        // an error is told when the answer got lost, and it turned out that nothing had been counted
        const ownClaim = await turn.catch(() => undefined)
        if (ownClaim) sum += units
        if (ownClaim && ownClaim.seen?.result !== String(sum)) throw new Error('told another value')
      }
      if (company.resource.value !== sum) throw new Error(`${company.resource.value}, and not ${sum}`)
    }),
    { numRuns: 40 },
  )
  t.pass()
})

test('an answer that gets lost at a barrier holds nobody up and starts no second generation', async t => {
  await fc.assert(
    fc.asyncProperty(fc.array(faults, { minLength: 2, maxLength: 2 }), async each => {
      const company = new Peers(t)
      const ownClaims = await Promise.all(
        each.map(faults => {
          const one = company.join()
          // who hears nothing while it has to wait gives up; that is another matter
          one.store.faults = faults.filter(fault => fault !== 'lost')
          return one.turn(barrier(2))
        }),
      )
      const generations = ownClaims.map(ownClaim => ownClaim?.seen?.generation)
      if (generations.join() !== '1,1' || company.resource.generation !== 1) throw new Error(generations.join())
    }),
    { numRuns: 20 },
  )
  const company = new Peers(t)
  const [first, last] = [company.join(), company.join()]
  const waits = first.turn(barrier(2))
  await until(() => company.claims.length === 1)
  last.store.faults = ['lost']
  t.is((await last.turn(barrier(2)))?.seen?.generation, 1)
  t.is((await waits)?.seen?.generation, 1)
})

test('a lock whose grant was not heard of is nobody’s, and is free', async t => {
  const company = new Peers(t)
  const [first, next] = [company.join(), company.join()]
  first.store.faults = ['lost']
  await t.throwsAsync(first.turn(MUTEX), { instanceOf: SeraError, message: /lost/ })
  t.deepEqual(company.claims, [])
  next.store.faults = ['repeated']
  t.is((await next.turn(MUTEX, atOnce()))?.seen?.state, 'granted')
  t.is(company.claims.length, 1)
})

test('who gives up at a barrier and finds itself let go was not too late', async t => {
  for (const meeting of [barrier(2), doubleBarrier(2)]) {
    const company = new Peers(t)
    const end = new AbortController()
    const waits = company.join().turn(meeting, { ...FOREVER, signal: end.signal })
    await until(() => company.claims.length === 1)
    const last = await company.join().turn(meeting)
    end.abort('no more')
    t.is((await waits)?.seen?.generation, last?.seen?.generation)
  }
})

test('who waits for a lock and was taken for dead queues again, behind those who came meanwhile', async t => {
  const company = new Peers(t)
  const [holder, waiter, next] = [company.join(), company.join(), company.join()]
  const held = await holder.turn(MUTEX)
  const waits = waiter.turn(MUTEX)
  await until(() => company.claims.length === 2)
  const later = next.turn(MUTEX)
  await until(() => company.claims.length === 3)
  company.take(company.claims[1]!.id)
  await until(() => company.claims.length === 3)
  await holder.session.leave(held!)
  await next.session.leave((await later)!)
  t.is((await waits)?.seen?.state, 'granted')
})

test('who waits for others and was taken for dead is told so, as they don’t count on it any more', async t => {
  const company = new Peers(t)
  const waits = company.join().turn(barrier(2))
  await until(() => company.claims.length === 1)
  company.take(company.claims[0]!.id)
  await t.throwsAsync(waits, { instanceOf: SeraError, message: /no longer counts/ })
  t.deepEqual(company.claims, [])
})

test('a claim without renewals expires a lease after a run that does not wait has seen it', async t => {
  const company = new Peers(t)
  const [dead, next] = [company.join(), company.join()]
  dead.session.forget((await dead.turn(MUTEX))!)
  company.later += LEASE_MS + 1
  t.is(await next.turn(MUTEX, atOnce()), undefined)
  company.later += LEASE_MS + SAFETY_MARGIN_MS + SKEW_MS - 500
  t.is(await next.turn(MUTEX, atOnce()), undefined)
  company.later += 500
  const ownClaim = await next.turn(MUTEX, atOnce())
  t.deepEqual(company.ids, [ownClaim?.id])
})

test('a claim that its own process has given up is not in the way', async t => {
  const own = new Peers(t).join()
  own.session.forget((await own.turn(MUTEX))!)
  t.truthy(await own.turn(MUTEX, atOnce()))
})

test('many at once: one at a time, each with a greater token than the one before', async t => {
  const company = new Peers(t)
  const tokens: number[] = []
  let inside = 0
  const work = async () => {
    const me = company.join()
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

test('those who wait at a gate pass when it is opened, also if it is closed again before they look', async t => {
  const company = new Peers(t)
  const keeper = company.join()
  const close = gate(closing(Number.POSITIVE_INFINITY))
  await keeper.session.leave((await keeper.turn(close))!)
  const waits = Array.from({ length: 3 }, () => company.join().turn(gate(passing)))
  await until(() => company.claims.length === 3)
  await keeper.session.leave((await keeper.turn(gate(opening)))!)
  await keeper.turn(close)
  t.true((await Promise.all(waits)).every(ownClaim => ownClaim?.seen?.state === 'granted'))
})

/** What a wait comes to that is broken off, as `still there`, when the condition is met. */
async function after(waits: Promise<unknown>, met: () => boolean, end: AbortController): Promise<unknown> {
  let settled = false
  const outcome = waits
    .catch(error => error)
    .finally(() => {
      settled = true
    })
  await until(() => settled || met())
  end.abort('still there')
  return outcome
}

test('a look that is a moment old does not tell who has just come that it is gone', async t => {
  const early = new Peers(t).join()
  const end = new AbortController()
  early.store.stale = true
  const waits = early.turn(barrier(2), { ...FOREVER, signal: end.signal })
  t.is(await after(waits, () => early.store.looks >= 2, end), 'still there')
})

test('a look that is a moment old does not let anybody leave a double barrier early', async t => {
  const company = new Peers(t)
  const [early, other] = [company.join(), company.join()]
  const [ownClaim] = await Promise.all([early.turn(doubleBarrier(2)), other.turn(doubleBarrier(2))])
  const end = new AbortController()
  early.store.stale = true
  early.store.looks = 0
  const leaving: WaitPolicy = { rule: exit, pace: paceTogether, onlyAhead: false, groupGrant: true }
  const leaves = stepUntilGranted(early.session, ownClaim!, {}, leaving, { ...FOREVER, signal: end.signal })
  t.is(await after(leaves, () => early.store.looks >= 2, end), 'still there')
})

test('who is to queue does, however late it has become; who only tries does not', async t => {
  const company = new Peers(t)
  await company.join().turn(MUTEX)
  const { session } = company.join()
  const queue = (queues: boolean) =>
    stepUntilGranted(session, session.newClaim(KEY), {}, { ...MUTEX, queuesPastDeadline: queues }, atOnce())
  t.false(await queue(false))
  t.is(company.claims.length, 1)
  t.false(await queue(true))
  t.deepEqual(
    company.claims.map(({ state }) => state),
    ['granted', 'waiting'],
  )
})
