/** The fence of a lock at various times between two clock checks of the guard. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import test from 'ava'
import type { HeldLock } from '../../src/claims/lock.js'
import { systemClock, systemRandom } from '../../src/clock.js'
import { SAFETY_MARGIN_MS } from '../../src/fence.js'
import type { Host } from '../../src/host.js'
import { holdLock } from '../../src/run/hold-lock.js'
import { Journal } from '../support/journal.js'
import { bench } from '../support/sera.js'
import { until } from '../support/until.js'

const GRACE_MS = 500
const STUBBORN = `trap '' TERM; while :; do sleep 0.05; done`
/** If a process waits this long for the CPU, ms, the machine is too busy for the test. */
const STALLED_MS = 50

for (const offsetMs of [50, 250, 450, 650, 850]) {
  test(`an unrenewed lease: ended in time, ${offsetMs} ms after a full second`, async t => {
    const { folder } = bench(t, { name: 'node', program: '' }, '')
    const onTime = async () => {
      const { leftMs, stalledMs } = await loseIn(folder, 2000 + offsetMs)
      t.true(leftMs <= SAFETY_MARGIN_MS + 20, 'not before the grace ended')
      if (leftMs <= 0 && stalledMs > STALLED_MS) return false
      t.true(leftMs > 0, `ended ${-leftMs} ms after the lease`)
      return true
    }
    await until('the machine is idle enough', onTime, { withinMs: 150_000 })
  })
}

/** Holds a lock that is lost after `ms`. @returns what was left of the lease, and the longest stall meanwhile */
async function loseIn(folder: string, ms: number): Promise<{ leftMs: number; stalledMs: number }> {
  const command = new Journal(folder).command({ who: 'it', script: STUBBORN })
  const over = systemClock.boot() + ms + GRACE_MS + SAFETY_MARGIN_MS
  const stalls = monitorEventLoopDelay({ resolution: 10 })
  stalls.enable()
  const outcome = await holdLock(neverRenewed(over), job(command), host())
  const leftMs = over - systemClock.boot()
  stalls.disable()
  if (outcome.kind !== 'lost') throw new Error(`${outcome.kind}, though the lease was over`)
  return { leftMs, stalledMs: stalls.max / 1e6 }
}

function neverRenewed(until: number): HeldLock {
  return {
    until,
    provenAt: until,
    token: undefined,
    lifeline: undefined,
    keep: () => {},
    reclaim: async () => false,
    release: async () => undefined,
    abandon: () => {},
  }
}

function job(command: string[]): Parameters<typeof holdLock>[1] {
  return {
    command,
    env: { PATH: process.env.PATH },
    marker: `${process.pid}:${command.join()}`,
    leaseMs: 60_000,
    graceMs: GRACE_MS,
    onLost: 'reclaim',
    close: false,
    holdAtLeastMs: 0,
    runAtMostMs: Number.POSITIVE_INFINITY,
    warn: () => {},
  }
}

function host(): Host {
  const terminal = { isTerminal: false, columns: 80, rows: 24, write: () => true }
  return {
    pid: process.pid,
    runtime: 'node',
    env: process.env,
    clock: systemClock,
    random: systemRandom,
    descriptors: [],
    ignored: [],
    onSignal: () => () => {},
    kill: process.kill,
    stdin: { isTerminal: false, line: async () => '', keys: () => () => {} },
    stdout: terminal,
    stderr: terminal,
  }
}
