import type { Sera } from '../../src/lib/sera.js'
import type { Rendezvous, RendezvousOptions } from '../../src/primitives/rendezvous/rendezvous.js'
import { type ContractHarness, contract, SHORT_LEASE_MS, waiting } from './harness.js'

const at = (
  bench: ContractHarness,
  actor: string,
  options: Omit<RendezvousOptions, 'actor'> = {},
  sera: Sera = bench.join(),
) => sera.rendezvous(bench.name, { actor, ...options })

const names = async (met: ReturnType<Rendezvous['meet']>) => (await met).members.map(({ actor }) => actor)

contract('two participants meet, and both get the same match', async (t, bench) => {
  const web = at(bench, 'web-1', { labels: { role: 'web' }, selector: 'role=db' })
  const first = web.meet({ payload: 'http://web-1 "ü" \n' })
  await waiting(web, 1)
  const second = await at(bench, 'db-1', { labels: { role: 'db', zone: '' } }).meet()
  t.deepEqual(await first, second)
  t.is(second.event, bench.name)
  t.regex(second.match, /^\d+$/)
  t.deepEqual(second.members, [
    { actor: 'web-1', labels: { actor: 'web-1', role: 'web' }, payload: 'http://web-1 "ü" \n' },
    { actor: 'db-1', labels: { actor: 'db-1', role: 'db', zone: '' }, payload: null },
  ])
})

contract('a participant without a match waits, and the oldest match first', async (t, bench) => {
  const a = at(bench, 'a', { labels: { role: 'web' }, selector: 'role=db' })
  const first = a.meet()
  await waiting(a, 1)
  const second = at(bench, 'b', { labels: { role: 'web' }, selector: 'role=db' }).meet()
  await waiting(a, 2)
  t.deepEqual(await names(at(bench, 'c', { labels: { role: 'db' } }).meet()), ['a', 'c'])
  t.deepEqual(await names(first), ['a', 'c'])
  await waiting(a, 1)
  t.deepEqual(await names(at(bench, 'd', { labels: { role: 'db' } }).meet()), ['b', 'd'])
  t.deepEqual(await names(second), ['b', 'd'])
})

contract('a match has the size that its most demanding member wants', async (t, bench) => {
  const a = at(bench, 'a', { mates: 1, selector: 'big' })
  const first = a.meet()
  await waiting(a, 1)
  const second = at(bench, 'b', { mates: 2, labels: { big: 'yes' } }).meet()
  await waiting(a, 2)
  const all = await names(at(bench, 'c', { mates: 1, labels: { big: 'yes' } }).meet())
  t.deepEqual(all, ['a', 'b', 'c'])
  t.deepEqual([await names(first), await names(second)], [all, all])
})

contract('a participant with mates 0 passes alone at once', async (t, bench) => {
  t.deepEqual(await names(at(bench, 'a', { mates: 0 }).meet({ wait: 0 })), ['a'])
})

contract('an actor does not meet itself unless its selector allows it', async (t, bench) => {
  const a = at(bench, 'a')
  const first = a.meet()
  await waiting(a, 1)
  t.like(await t.throwsAsync(at(bench, 'a').meet({ wait: 100 })), { kind: 'timed-out' })
  t.deepEqual(await names(at(bench, 'b').meet()), ['a', 'b'])
  await first
  const anyActor = { selector: '' }
  t.deepEqual(await Promise.all([names(at(bench, 'a', anyActor).meet()), names(at(bench, 'a', anyActor).meet())]), [
    ['a', 'a'],
    ['a', 'a'],
  ])
})

contract.serial('64 participants meet, and 8 with the longest payload', async (t, bench) => {
  const seras = Array.from({ length: 8 }, () => bench.join())
  for (const [count, payload] of [
    [64, 'short'],
    [8, 'x"\\\n'.repeat(4096)],
  ] as const) {
    const meet = (index: number) => at(bench, `a${index}`, { mates: count - 1 }, seras[index % 8]).meet({ payload })
    const all = await Promise.all(Array.from({ length: count }, (_, index) => meet(index)))
    t.is(new Set(all.map(match => JSON.stringify(match))).size, 1)
    t.is(all[0]?.members.length, count)
    t.true(all[0]?.members.every(one => one.payload === payload))
  }
})

contract('a participant that times out or aborts is not matched', async (t, bench) => {
  const a = at(bench, 'a')
  for (const wait of [0, 50]) t.like(await t.throwsAsync(a.meet({ wait })), { kind: 'timed-out' })
  const control = new AbortController()
  const aborted = a.meet({ signal: control.signal })
  await waiting(a, 1)
  control.abort(new Error('enough'))
  await t.throwsAsync(aborted, { message: 'enough' })
  t.like(await t.throwsAsync(at(bench, 'b').meet({ wait: 0 })), { kind: 'timed-out' })
})

contract('a participant that aborts after its match has met the others', async (t, bench) => {
  const a = at(bench, 'a')
  const control = new AbortController()
  const met = a.meet({ signal: control.signal })
  await waiting(a, 1)
  await at(bench, 'b').meet({ wait: 0 })
  control.abort(new Error('too late'))
  t.deepEqual(await names(met), ['a', 'b'])
})

contract('a dead participant is not matched after its lease', async (t, bench) => {
  const { sera, die } = bench.mortal({ leaseMs: SHORT_LEASE_MS })
  void at(bench, 'dead', {}, sera)
    .meet()
    .catch(() => {})
  const living = bench.join()
  const a = at(bench, 'a', {}, living)
  await waiting(a, 1)
  die()
  await bench.expired('rendezvous')
  t.like(await t.throwsAsync(a.meet({ wait: 0 })), { kind: 'timed-out' })
  const met = await Promise.all([names(a.meet()), names(at(bench, 'b', {}, living).meet())])
  for (const party of met) t.deepEqual(party.toSorted(), ['a', 'b'])
  await bench.reaped('rendezvous', 0)
})

contract('invalid names, numbers, labels, selectors and payloads are refused', async (t, bench) => {
  const sera = bench.join()
  const wrong: [string, RendezvousOptions, RegExp][] = [
    ['', { actor: 'a' }, /the rendezvous's name is empty/],
    ['x', { actor: '' }, /the actor's name is empty/],
    ['x', { actor: 'a b' }, /actor "a b" is a label's value, column 2/],
    ['x', { actor: 'a', mates: 64 }, /mates: .* from 0 to 63/],
    ['x', { actor: 'a', labels: { 'a b': 'c' } }, /the label's key "a b", column 2/],
    ['x', { actor: 'a', labels: { a: 5 as unknown as string } }, /label a: its value is text, not number/],
    ['x', { actor: 'a', selector: 'x in' }, /selector, column 5/],
  ]
  for (const [event, options, message] of wrong) {
    t.like(
      t.throws(() => sera.rendezvous(event, options), { message }),
      { kind: 'usage' },
    )
  }
  for (const payload of ['x'.repeat(16 * 1024 + 1), '\ud800', 5 as unknown as string]) {
    t.like(await t.throwsAsync(at(bench, 'a').meet({ payload })), { kind: 'usage' })
  }
})

contract('a participant that aborts before its step starts is never matched', async (t, bench) => {
  const [one, other] = [bench.join(), bench.join()]
  const waits = one.rendezvous(bench.name, { actor: 'one' }).meet({ wait: '1m' })
  await waiting(one.rendezvous(bench.name, { actor: 'look' }), 1)
  const control = new AbortController()
  const cancelled = other.rendezvous(bench.name, { actor: 'cancelled' }).meet({ signal: control.signal })
  const added = other.counter(bench.name).add(5, { signal: control.signal })
  control.abort(new Error('enough'))
  await t.throwsAsync(cancelled, { message: 'enough' })
  await t.throwsAsync(added, { message: 'enough' })
  t.is(await one.counter(bench.name).value(), 0)
  const met = await other.rendezvous(bench.name, { actor: 'here' }).meet({ wait: '1m' })
  t.deepEqual(
    met.members.map(({ actor }) => actor),
    ['one', 'here'],
  )
  await waits
})
