import { setImmediate as turnOfEvents } from 'node:timers/promises'
import type { OnceOptions } from '../../src/primitives/once/once.js'
import { type ContractHarness, contract, OUTLIVE, SHORT_LEASE_MS, waiting } from './harness.js'

const HOUR = 3_600_000

/** A session of the test with its work, which returns another value each time. */
function comer(bench: ContractHarness, options: OnceOptions = {}) {
  const once = bench.join().once(bench.name, options)
  return { once, run: (value: unknown, wait = {}) => once.run(() => value, wait) }
}

/** Work that runs until the test ends it; `begun` resolves when it runs. */
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

contract('one does it; who waits and who comes later are handed what it has returned', async (t, bench) => {
  const { work, begun, end } = job()
  const first = bench.join({ label: 'printer' }).once(bench.name).run(work)
  const { once, run } = comer(bench)
  await begun
  const waiters = [run(1), comer(bench).run(2)]
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

contract('once is once, whoever comes whenever', async (t, bench) => {
  for (let round = 0; round < 10; round++) {
    let runs = 0
    const come = async (late: number) => {
      const once = bench.join().once(`${bench.name} ${round}`)
      for (let turn = 0; turn < late * round; turn++) await turnOfEvents()
      await once.run(() => ++runs)
    }
    await Promise.all([0, 0, 1, 3, 9].map(come))
    await come(0)
    t.is(runs, 1)
  }
})

contract(
  'a failure is told to those who waited, thrown where it ran, and tried again by who comes later',
  async (t, bench) => {
    const { work, begun, fail } = job()
    const { once, run } = comer(bench)
    const first = t.throwsAsync(once.run(work), { message: 'no\npaper' })
    await begun
    const waiters = [1, 2].map(value => t.throwsAsync(comer(bench).run(value)))
    await waiting(once, 2)
    fail('no\npaper')
    await first
    for (const error of await Promise.all(waiters)) {
      t.like(error, { name: 'SeraError', kind: 'taken-over' })
      t.regex(
        error.message,
        /^once it: \S+ ran it at [\d-]+ [\d:]+ UTC \(pid \d+\), \d+s ago, and it failed: no paper$/,
      )
    }
    t.deepEqual(await run('at last'), { ranHere: true, value: 'at last' })
    t.like(await run('again'), { ranHere: false, value: 'at last' })
  },
)

contract('who does not wait gets past nobody, and a wait that is broken off leaves the queue', async (t, bench) => {
  const { work, begun, end } = job()
  const { once, run } = comer(bench)
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

contract('a runner that has died has done nothing: the next one runs', async (t, bench) => {
  const { sera, die } = bench.mortal({ leaseMs: SHORT_LEASE_MS })
  const { work, begun, end } = job()
  const first = t.throwsAsync(sera.once(bench.name).run(work))
  const { run } = comer(bench)
  await Promise.race([begun, first]) // on a busy machine the grant may take longer than the lease
  const next = run('mine', OUTLIVE)
  die()
  t.deepEqual(await next, { ranHere: true, value: 'mine' })
  end('too late')
  t.like(await first, { kind: 'lock-failed' })
  t.like(await run('later'), { value: 'mine' })
})

contract('a runner whose claim was broken records nothing, and says so', async (t, bench) => {
  const { work, begun, end } = job()
  const { once, run } = comer(bench)
  const first = t.throwsAsync(once.run(work))
  await begun
  await bench.tables.clear()
  end('lost')
  t.like(await first, { kind: 'lost' })
  t.deepEqual(await run('mine'), { ranHere: true, value: 'mine' })
})

contract('work that was broken off is no verdict: the next in line runs', async (t, bench) => {
  const control = new AbortController()
  const { once, run } = comer(bench)
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

contract('with a period: a success counts from when it began, and who has none takes any', async (t, bench) => {
  const hourly = comer(bench, { per: '1h' })
  t.like(await hourly.run(1), { ranHere: true })
  await bench.tables.age(HOUR - 60_000)
  t.like(await hourly.run(2), { value: 1 })
  await bench.tables.age(60_000)
  t.like(await comer(bench, { per: '2h' }).run(2), { value: 1 })
  t.like(await comer(bench).run(2), { value: 1 })
  await t.throwsAsync(
    hourly.once.run(() => Promise.reject(new Error('this time'))),
    { message: 'this time' },
  )
  t.like(await comer(bench).run(2), { value: 1 }, 'a failure takes no success away')
  t.like(await hourly.run(2), { ranHere: true })
  t.like(await comer(bench).run(3), { value: 2 })
})

contract('what is kept for a time is forgotten after it', async (t, bench) => {
  const { run } = comer(bench, { keep: '30d' })
  t.like(await run(1), { ranHere: true })
  await bench.tables.age(30 * 24 * HOUR - 60_000)
  t.like(await run(2), { value: 1 })
  await bench.tables.age(60_000)
  t.like(await run(2), { ranHere: true })
})

contract('what can’t be kept is refused', async (t, bench) => {
  const sera = bench.join()
  for (const options of [{ per: '1h', keep: '59m' }, { per: 'soon' }, { keep: -1 }]) {
    t.like(
      t.throws(() => sera.once(bench.name, options)),
      { kind: 'usage' },
    )
  }
  const { run } = comer(bench)
  t.like(await t.throwsAsync(run('x'.repeat(20_000))), { kind: 'usage' })
  await t.throwsAsync(run(1n), { instanceOf: TypeError })
  t.deepEqual(await run(undefined), { ranHere: true, value: undefined })
  t.like(await run(1), { ranHere: false, value: undefined })
})

contract('tokens grow from run to run, and the signal is the lock’s', async (t, bench) => {
  const { once } = comer(bench, { per: '1h' })
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
