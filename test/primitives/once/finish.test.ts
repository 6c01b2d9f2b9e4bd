import test from 'ava'
import { finish } from '../../../src/primitives/once/finish.js'
import { once, takenOver } from '../../../src/primitives/once/once.js'
import { runsOf } from '../../../src/primitives/once/run-record.js'
import { type AnswerFault, atOnce, Peers, until } from '../../claims/peers.js'

const ONCE = once(Number.POSITIVE_INFINITY)
const FOREVER = Number.POSITIVE_INFINITY

const TROUBLES: AnswerFault[][] = [[], ['repeated'], ['lost'], ['lost', 'lost', 'repeated']]

for (const faults of TROUBLES) {
  test(`a run whose answers are lost is recorded once: ${faults.join() || 'none'}`, async t => {
    const peers = new Peers(t)
    const { turn, session, store } = peers.join()
    const ownClaim = await turn(ONCE)
    const startedAt = Number(ownClaim?.seen?.result)
    store.faults = [...faults]
    t.true(await finish(session, ownClaim!, { exitCode: 3 }, FOREVER))
    const { failure, success } = runsOf(peers.resource)
    t.like(failure, { id: ownClaim!.id, exitCode: 3, startedAt })
    t.true(startedAt <= (failure?.finishedAt as number))
    t.is(success, undefined)
    t.deepEqual(peers.claims, [])
  })

  test(`a later participant takes the run over: ${faults.join() || 'none'}`, async t => {
    const peers = new Peers(t)
    const runner = peers.join()
    await finish(runner.session, (await runner.turn(ONCE))!, { exitCode: 0 }, FOREVER)
    const late = peers.join()
    late.store.faults = faults.filter(fault => fault === 'repeated')
    const ownClaim = await late.turn(ONCE, atOnce())
    t.is(takenOver(ownClaim!)?.run.exitCode, 0)
    t.deepEqual(peers.claims, [])
  })
}

test('a waiter takes a run over by a poll, without a step', async t => {
  const peers = new Peers(t)
  const [runner, waiter] = [peers.join(), peers.join()]
  const ownClaim = await runner.turn(ONCE)
  const waits = waiter.turn(ONCE)
  await until(() => peers.claims.length === 2)
  await finish(runner.session, ownClaim!, { exitCode: 3 }, FOREVER)
  const { version } = peers.resource
  const passed = await waits
  t.is(takenOver(passed!)?.run.exitCode, 3)
  t.is(peers.resource.version, version)
  await waiter.session.leave(passed!)
  t.deepEqual(peers.claims, [])
})

test('a run whose claim no longer exists is not recorded and leaves no claim', async t => {
  const peers = new Peers(t)
  const { turn, session } = peers.join()
  const ownClaim = await turn(ONCE)
  peers.take(ownClaim!.id)
  t.false(await finish(session, ownClaim!, { exitCode: 0 }, FOREVER))
  t.is(peers.resource.record, undefined)
  t.deepEqual(peers.claims, [])
})
