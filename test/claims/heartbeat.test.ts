import test from 'ava'
import { Heartbeat } from '../../src/claims/heartbeat.js'
import { systemRandom } from '../../src/clock.js'
import { ManualClock } from '../support/manual-clock.js'

const LEASE_MS = 60_000

/** The test sets the answer to renewals. `sent` lists when each was sent. */
function setUp() {
  const clock = new ManualClock()
  const sent: number[] = []
  const server = { answer: async () => {}, leaseMs: LEASE_MS }
  const renew = (sentAt: number) => {
    sent.push(sentAt)
    return server.answer()
  }
  const random = { ...systemRandom, number: () => 1 }
  const heartbeat = new Heartbeat({ clock, random, leaseMs: () => server.leaseMs, renew })
  return { clock, sent, server, heartbeat }
}

test('a renewal is sent a third of a lease after the last one', async t => {
  const { clock, sent, heartbeat } = setUp()
  await clock.pass(5000)
  heartbeat.start(clock.boot() - 1000)
  await clock.pass(60_000)
  t.deepEqual(sent, [24_000, 44_000, 64_000])
})

test('a slow answer does not delay the next renewal', async t => {
  const { clock, sent, server, heartbeat } = setUp()
  server.answer = () => new Promise(resolve => void clock.after(15_000, resolve))
  heartbeat.start(0)
  await clock.pass(61_000)
  t.deepEqual(sent, [20_000, 40_000, 60_000])
})

test('an answer that takes longer than a third of a lease is followed by a renewal at once', async t => {
  const { clock, sent, server, heartbeat } = setUp()
  server.answer = () => new Promise(resolve => void clock.after(30_000, resolve))
  heartbeat.start(0)
  await clock.pass(81_000)
  t.deepEqual(sent, [20_000, 50_000, 80_000])
})

test('a failed renewal is retried at least once a second', async t => {
  const { clock, sent, server, heartbeat } = setUp()
  server.answer = async () => {
    throw new Error('no')
  }
  heartbeat.start(0)
  await clock.pass(22_600)
  t.deepEqual(sent, [20_000, 20_050, 20_150, 20_350, 20_750, 21_550, 22_550])
  server.answer = async () => {}
  await clock.pass(30_000)
  t.deepEqual(sent.slice(7), [23_550, 43_550], 'after a success every third of a lease again')
})

test('the length of a lease may change with each renewal', async t => {
  const { clock, sent, server, heartbeat } = setUp()
  server.answer = async () => {
    server.leaseMs = 30_000
  }
  heartbeat.start(0)
  await clock.pass(41_000)
  t.deepEqual(sent, [20_000, 30_000, 40_000])
})

test('nothing is sent after a stop, even if an answer was under way', async t => {
  const { clock, sent, server, heartbeat } = setUp()
  server.answer = () => new Promise(resolve => void clock.after(10, resolve))
  heartbeat.start(0)
  await clock.pass(20_001)
  heartbeat.stop()
  await clock.pass(200_000)
  t.deepEqual(sent, [20_000])
})

test('a start while an answer is under way leaves one series of renewals', async t => {
  const { clock, sent, server, heartbeat } = setUp()
  server.answer = () => new Promise(resolve => void clock.after(10, resolve))
  heartbeat.start(0)
  await clock.pass(20_001)
  heartbeat.stop()
  heartbeat.start(clock.boot())
  await clock.pass(41_000)
  t.deepEqual(sent, [20_000, 40_001, 60_001])
})
