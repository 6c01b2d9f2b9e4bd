/** One command under guard, with a lock that the test controls. */
import test, { type ExecutionContext } from 'ava'
import type { HeldLock, LockWatcher } from '../../src/claims/lock.js'
import { systemClock } from '../../src/clock.js'
import type { Host } from '../../src/host.js'
import { GuardedRun, type Job } from '../../src/run/guarded-run.js'
import { guardsFor, isLeader, kill, processesMarked } from '../support/processes.js'
import { until } from '../support/until.js'

const GRACE_MS = 1000
const MARGIN_MS = 1000
/** Without force the command runs for a thousand seconds. */
const HANGS_AFTER_MS = 45_000

const host = {
  pid: process.pid,
  env: { PATH: process.env.PATH },
  clock: systemClock,
  descriptors: [],
  ignored: [],
  onSignal: () => () => {},
  kill: (pid, signal) => process.kill(pid, signal),
} as Partial<Host> as Host

interface Scene {
  run: GuardedRun
  /** The live processes of the command. */
  family: () => number[]
  guards: () => number[]
}

const STUBBORN = `trap '' TERM; setsid -f sleep 1000; sleep 1000 & sleep 1000; :`

test('stopped guard: sera kills the child and all it started before the lease ends', async t => {
  const graceMs = 5 * GRACE_MS // a busy machine is late
  let end = systemClock.boot() + 60_000
  const lock = {
    get until() {
      return end
    },
  }
  const { run, family, guards } = scene(t, { graceMs }, lock)
  const outcome = run.outcome()
  await until('the family', () => family().length === 4)
  kill(guards(), 'SIGSTOP')
  const fence = systemClock.boot() + 1500 // sera checks it at least once a second
  end = fence + graceMs + MARGIN_MS
  t.deepEqual(await outcome, { kind: 'lost', reason: 'its guard did not act' })
  const leftMs = end - systemClock.boot()
  t.true(leftMs > 0, `gone ${-leftMs} ms after the lease was over`)
  t.deepEqual(family(), [])
})

test('stopped guard with an order to end the command: sera ends it', async t => {
  const { run, family, guards } = scene(t, { runAtMostMs: 1000 })
  const outcome = run.outcome()
  await until('the family', () => family().length === 4)
  kill(guards(), 'SIGSTOP')
  t.is((await outcome).kind, 'overran')
  t.deepEqual(family(), [])
})

test('guards are killed again and again: sera ends the command after a few', async t => {
  const { run, family, guards } = scene(t, {})
  const killed = new Set<number>()
  const killer = setInterval(() => {
    const leaders = guards().filter(isLeader)
    for (const pid of leaders) killed.add(pid)
    kill(leaders, 'SIGKILL')
  }, 10)
  t.teardown(() => clearInterval(killer))
  t.like(await run.outcome(), { kind: 'lost', reason: 'its guards died, or did not see the command' })
  t.deepEqual(family(), [])
  t.is(killed.size, 6)
})

test('lock lost before the command starts: nothing runs', async t => {
  const keep = ({ broken }: LockWatcher) => broken('the connection was closed')
  const { run, family } = scene(t, {}, { keep })
  await t.throwsAsync(run.outcome(), {
    message: 'the lock was lost before the command started (the connection was closed); nothing was run',
  })
  t.deepEqual(family(), [])
})

test('lock lost while the command starts: the command is ended', async t => {
  const keep = ({ broken }: LockWatcher) => queueMicrotask(() => broken('the connection was closed'))
  const { run, family } = scene(t, {}, { keep })
  t.deepEqual(await run.outcome(), { kind: 'lost', reason: 'the connection was closed' })
  t.deepEqual(family(), [])
})

function scene(t: ExecutionContext, job: Partial<Job>, lock: Partial<HeldLock> = {}, on = host): Scene {
  t.timeout(HANGS_AFTER_MS)
  const marker = `${process.pid}:${encodeURIComponent(t.title)}`
  const usual: HeldLock = {
    provenAt: systemClock.boot(),
    until: systemClock.boot() + 60_000,
    token: undefined,
    lifeline: undefined,
    keep: () => {},
    reclaim: async () => false,
    release: async () => {},
    abandon: () => {},
  }
  const held: HeldLock = Object.defineProperties(usual, Object.getOwnPropertyDescriptors(lock)) // keeps the getters
  const whole: Job = {
    command: ['sh', '-c', STUBBORN],
    env: { PATH: process.env.PATH, SERA_HELD: marker },
    marker,
    leaseMs: 60_000,
    graceMs: GRACE_MS,
    onLost: 'terminate',
    close: false,
    holdAtLeastMs: 0,
    runAtMostMs: Number.POSITIVE_INFINITY,
    warn: () => {},
    ...job,
  }
  const family = () => processesMarked(`SERA_HELD=${marker}`)
  const guards = () => guardsFor(marker)
  t.teardown(() => kill([...guards(), ...family()], 'SIGKILL'))
  return { run: new GuardedRun(held, whole, on), family, guards }
}
