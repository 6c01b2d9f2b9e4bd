import { setImmediate as turnOfEvents } from 'node:timers/promises'
import type { OnceOptions } from '../../src/primitives/once/once.js'
import { type ContractHarness, contract, OUTLIVE, SHORT_LEASE_MS, waiting } from './harness.js'

const HOUR = 3_600_000

/** A participant whose work returns the given value. */
function participant(bench: ContractHarness, options: OnceOptions = {}) {
  const once = bench.join().once(bench.name, options)
  return { once, run: (value: unknown, wait = {}) => once.run(() => value, wait) }
}

/** Work that the test ends. `begun` resolves when it runs. */
function job() {
  let start = () => {}
  let end = (_: string) => {}
  let fail = (_: Error) => {}
  const begun = new Promise<void>(resolve => {
    start = resolve
  })
  const ended = new Promise<string>((resolve, reject) => {
    end = resolve
    fail = reject
  })
  const work = () => {
    start()
    return ended
  }
  return { work, begun, end, fail: (message: string) => fail(new Error(message)) }
}

contract('one participant runs; waiters and later ones get its result', async (t, bench) => {
  const { work, begun, end } = job()
  const first = bench.join({ label: 'printer' }).once(bench.name).run(work)
  const { once, run } = participant(bench)
  await begun
  const waiters = [run(1), participant(bench).run(2)]
  await waiting(once, 2)
  end('done')
  t.deepEqual(await first, { ranHere: true, value: 'done' })
  for (const result of [...(await Promise.all(waiters)), await run(3), await run(4, { wait: 0 })]) {
    t.like(result, { ranHere: false, value: 'done', by: { pid: process.pid, command: 'printer' } })
    const { startedAt, finishedAt } = (result as { by: { startedAt: Date; finishedAt: Date } }).by
    t.true(Math.abs(Date.now() - startedAt.getTime()) < HOUR && finishedAt >= startedAt)
  }
  t.deepEqual(await once.contenders(), [])
})

contract('concurrent participants run the work once', async (t, bench) => {
  for (let round = 0; round < 10; round++) {
    let runs = 0
    const arrive = async (late: number) => {
      const once = bench.join().once(`${bench.name} ${round}`)
      for (let turn = 0; turn < late * round; turn++) await turnOfEvents()
      await once.run(() => ++runs)
    }
    await Promise.all([0, 0, 1, 3, 9].map(arrive))
    await arrive(0)
    t.is(runs, 1)
  }
})

contract('a failure rejects the runner and the waiters, and a later participant runs again', async (t, bench) => {
  const { work, begun, fail } = job()
  const { once, run } = participant(bench)
  const first = t.throwsAsync(once.run(work), { message: 'no\npaper' })
  await begun
  const waiters = [1, 2].map(value => t.throwsAsync(participant(bench).run(value)))
  await waiting(once, 2)
  fail('no\npaper')
  await first
  for (const error of await Promise.all(waiters)) {
    t.like(error, { name: 'SeraError', kind: 'taken-over' })
    t.regex(
      error.message,
      /^once it: already failed on \S+ \(pid \d+, started [\d-]+ [\d:]+ UTC, \d+s ago\): no paper$/,
    )
  }
  t.deepEqual(await run('at last'), { ranHere: true, value: 'at last' })
  t.like(await run('again'), { ranHere: false, value: 'at last' })
})

contract('a wait that times out or aborts leaves the queue', async (t, bench) => {
  const { work, begun, end } = job()
  const { once, run } = participant(bench)
  const first = once.run(work)
  await begun
  t.like(await t.throwsAsync(run(1, { wait: 0 })), { kind: 'timed-out' })
  t.like(await t.throwsAsync(run(1, { wait: 50 })), { kind: 'timed-out' })
  const control = new AbortController()
  const broken = t.throwsAsync(run(1, { signal: control.signal }), { message: 'enough' })
  await waiting(once, 1)
  control.abort(new Error('enough'))
  await broken
  t.is((await once.contenders()).length, 1)
  end('done')
  await first
})

contract('a run of a dead participant does not count: the next one runs', async (t, bench) => {
  const { sera, die } = bench.mortal({ leaseMs: SHORT_LEASE_MS })
  const { work, begun, end } = job()
  const first = t.throwsAsync(sera.once(bench.name).run(work))
  const { run } = participant(bench)
  await Promise.race([begun, first]) // on a busy machine the grant may take longer than the lease
  const next = run('mine', OUTLIVE)
  die()
  t.deepEqual(await next, { ranHere: true, value: 'mine' })
  end('too late')
  t.like(await first, { kind: 'lock-failed' })
  t.like(await run('later'), { value: 'mine' })
})

contract('a runner whose claim was broken fails and records nothing', async (t, bench) => {
  const { work, begun, end } = job()
  const { once, run } = participant(bench)
  const first = t.throwsAsync(once.run(work))
  await begun
  await bench.tables.clear()
  end('lost')
  t.like(await first, { kind: 'lost' })
  t.deepEqual(await run('mine'), { ranHere: true, value: 'mine' })
})

contract('aborted work is not recorded: the next waiter runs', async (t, bench) => {
  const control = new AbortController()
  const { once, run } = participant(bench)
  const stopped = ({ signal }: { signal: AbortSignal }) =>
    new Promise<string>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const { work, begun } = job()
  const first = once.run(running => Promise.race([work(), stopped(running)]), { signal: control.signal })
  const broken = t.throwsAsync(first, { message: 'enough' })
  await begun
  const next = run('mine')
  await waiting(once, 1)
  control.abort(new Error('enough'))
  await broken
  t.deepEqual(await next, { ranHere: true, value: 'mine' })
})

contract('with a period a success counts from its start; without one any success counts', async (t, bench) => {
  const hourly = participant(bench, { per: '1h' })
  t.like(await hourly.run(1), { ranHere: true })
  await bench.tables.age(HOUR - 60_000)
  t.like(await hourly.run(2), { value: 1 })
  await bench.tables.age(60_000)
  t.like(await participant(bench, { per: '2h' }).run(2), { value: 1 })
  t.like(await participant(bench).run(2), { value: 1 })
  await t.throwsAsync(
    hourly.once.run(() => Promise.reject(new Error('this time'))),
    { message: 'this time' },
  )
  t.like(await participant(bench).run(2), { value: 1 }, 'a failure does not remove the success')
  t.like(await hourly.run(2), { ranHere: true })
  t.like(await participant(bench).run(3), { value: 2 })
})

contract('a success is forgotten after its keep time', async (t, bench) => {
  const { run } = participant(bench, { keep: '30d' })
  t.like(await run(1), { ranHere: true })
  await bench.tables.age(30 * 24 * HOUR - 60_000)
  t.like(await run(2), { value: 1 })
  await bench.tables.age(60_000)
  t.like(await run(2), { ranHere: true })
})

contract('invalid options and results that cannot be stored are refused', async (t, bench) => {
  const sera = bench.join()
  for (const options of [{ per: '1h', keep: '59m' }, { per: 'soon' }, { keep: -1 }]) {
    t.like(
      t.throws(() => sera.once(bench.name, options)),
      { kind: 'usage' },
    )
  }
  const { run } = participant(bench)
  t.like(await t.throwsAsync(run('x'.repeat(20_000))), { kind: 'usage' })
  await t.throwsAsync(run(1n), { instanceOf: TypeError })
  t.deepEqual(await run(undefined), { ranHere: true, value: undefined })
  t.like(await run(1), { ranHere: false, value: undefined })
})

contract('each run gets a greater token and a signal', async (t, bench) => {
  const { once } = participant(bench, { per: '1h' })
  const tokens: number[] = []
  for (let round = 0; round < 2; round++) {
    await once.run(({ token, signal }) => {
      t.false(signal.aborted)
      tokens.push(token)
    })
    await bench.tables.age(HOUR)
  }
  t.is(tokens.length, 2)
  t.true((tokens[1] as number) > (tokens[0] as number))
})
