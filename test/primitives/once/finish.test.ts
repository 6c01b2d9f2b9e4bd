import test from 'ava'
import { finish } from '../../../src/primitives/once/finish.js'
import { once, takenOver } from '../../../src/primitives/once/once.js'
import { runsOf } from '../../../src/primitives/once/run-record.js'
import { type AnswerFault, atOnce, Peers, until } from '../../claims/peers.js'

const ONCE = once(Number.POSITIVE_INFINITY)
const FOREVER = Number.POSITIVE_INFINITY

const TROUBLES: AnswerFault[][] = [[], ['repeated'], ['lost'], ['lost', 'lost', 'repeated']]

for (const faults of TROUBLES) {
  test(`an end whose answers get lost is recorded once: ${faults.join() || 'none'}`, async t => {
    const company = new Peers(t)
    const { turn, session, store } = company.join()
    const ownClaim = await turn(ONCE)
    const startedAt = Number(ownClaim?.seen?.result)
    store.faults = [...faults]
    t.true(await finish(session, ownClaim!, { exitCode: 3 }, FOREVER))
    const { failure, success } = runsOf(company.resource)
    t.like(failure, { id: ownClaim!.id, exitCode: 3, startedAt })
    t.true(startedAt <= (failure?.finishedAt as number))
    t.is(success, undefined)
    t.deepEqual(company.claims, [])
  })

  test(`who comes later takes over, whatever answers get lost: ${faults.join() || 'none'}`, async t => {
    const company = new Peers(t)
    const runner = company.join()
    await finish(runner.session, (await runner.turn(ONCE))!, { exitCode: 0 }, FOREVER)
    const late = company.join()
    late.store.faults = faults.filter(fault => fault === 'repeated')
    const ownClaim = await late.turn(ONCE, atOnce())
    t.is(takenOver(ownClaim!)?.run.exitCode, 0)
    t.deepEqual(company.claims, [])
  })
}

test('who waits takes a run over by a look, and takes no step for it', async t => {
  const company = new Peers(t)
  const [runner, waiter] = [company.join(), company.join()]
  const ownClaim = await runner.turn(ONCE)
  const waits = waiter.turn(ONCE)
  await until(() => company.claims.length === 2)
  await finish(runner.session, ownClaim!, { exitCode: 3 }, FOREVER)
  const { version } = company.resource
  const passed = await waits
  t.is(takenOver(passed!)?.run.exitCode, 3)
  t.is(company.resource.version, version)
  await waiter.session.leave(passed!)
  t.deepEqual(company.claims, [])
})

test('a claim that is gone records nothing, and nobody waits in its stead', async t => {
  const company = new Peers(t)
  const { turn, session } = company.join()
  const ownClaim = await turn(ONCE)
  company.take(ownClaim!.id)
  t.false(await finish(session, ownClaim!, { exitCode: 0 }, FOREVER))
  t.is(company.resource.record, undefined)
  t.deepEqual(company.claims, [])
})
