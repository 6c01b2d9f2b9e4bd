import { contract, SHORT_LEASE_MS, waiting } from './harness.js'

contract('a new gate is open and does not block', async (t, bench) => {
  await t.notThrowsAsync(bench.join().gate(bench.name).wait({ wait: 0 }))
})

contract('a closed gate blocks all waiters until any participant opens it', async (t, bench) => {
  const gate = bench.join().gate(bench.name)
  await gate.close()
  const passed: number[] = []
  const waiters = Array.from({ length: 6 }, (_, index) =>
    bench
      .join()
      .gate(bench.name)
      .wait()
      .then(() => passed.push(index)),
  )
  await waiting(gate, 6)
  t.deepEqual(passed, [])
  await bench.join().gate(bench.name).open()
  await Promise.all(waiters)
  t.is(passed.length, 6)
  await gate.wait({ wait: 0 })
})

contract('closing a closed gate and opening an open one are conflicts', async (t, bench) => {
  const gate = bench.join().gate(bench.name)
  const other = bench.join().gate(bench.name)
  t.like(await t.throwsAsync(gate.open()), { kind: 'conflict', message: 'the gate is already open' })
  await gate.close()
  t.like(await t.throwsAsync(other.close()), { kind: 'conflict', message: 'the gate is already closed' })
  await other.open()
  t.like(await t.throwsAsync(gate.open()), { kind: 'conflict' })
  await other.close()
  await gate.open()
})

contract('of concurrent closes or opens exactly one succeeds', async (t, bench) => {
  const gates = Array.from({ length: 5 }, () => bench.join().gate(bench.name))
  for (const turn of ['close', 'open'] as const) {
    const results = await Promise.allSettled(gates.map(gate => gate[turn]()))
    t.is(results.filter(({ status }) => status === 'fulfilled').length, 1, turn)
  }
})

contract('waiters pass an opened gate even if it is closed again at once', async (t, bench) => {
  const gate = bench.join().gate(bench.name)
  await gate.close()
  const waiters = [1, 2, 3].map(() => bench.join().gate(bench.name).wait())
  await waiting(gate, 3)
  await gate.open()
  await gate.close()
  await Promise.all(waiters)
  t.like(await t.throwsAsync(gate.wait({ wait: 0 })), { kind: 'timed-out' })
})

contract('a gate that is closed for a time opens by itself', async (t, bench) => {
  const gate = bench.join().gate(bench.name)
  const since = performance.now()
  await gate.close({ for: '600ms' })
  await bench.join().gate(bench.name).wait()
  t.true(performance.now() - since >= 600)
  t.like(await t.throwsAsync(gate.open()), { kind: 'conflict' })
  await gate.close({ for: 3_600_000 })
  t.like(await t.throwsAsync(gate.wait({ wait: 0 })), { kind: 'timed-out' })
})

contract('a gate stays closed when its closer dies', async (t, bench) => {
  const closer = bench.mortal()
  await closer.sera.gate(bench.name).close()
  closer.die()
  const gate = bench.join().gate(bench.name)
  t.like(await t.throwsAsync(gate.wait({ wait: 0 })), { kind: 'timed-out' })
  await gate.open()
})

contract('a cancelled waiter leaves the queue; a dead waiter does not block others', async (t, bench) => {
  const gate = bench.join().gate(bench.name)
  await gate.close()
  t.like(await t.throwsAsync(gate.wait({ wait: 50 })), { kind: 'timed-out' })
  const control = new AbortController()
  const aborted = gate.wait({ signal: control.signal })
  await waiting(gate, 1)
  control.abort(new Error('enough'))
  await t.throwsAsync(aborted, { message: 'enough' })
  t.deepEqual(await gate.contenders(), [])

  const { sera, die } = bench.mortal({ leaseMs: SHORT_LEASE_MS })
  void sera
    .gate(bench.name)
    .wait()
    .catch(() => {})
  await waiting(gate, 1)
  die()
  const other = bench.join().gate(bench.name)
  const waiter = other.wait()
  await waiting(gate, 2)
  await gate.open()
  await waiter
  await bench.tables.clear() // the claim of the dead session, which delayed no other
})
