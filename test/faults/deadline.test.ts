/** The deadline of a lock, wherever it falls between two looks of the guard at the clock. */
import test from 'ava'
import { systemClock } from '../../src/clock.js'
import { hold } from '../../src/commands/hold.js'
import { SAFETY_MARGIN_MS } from '../../src/config/settings.js'
import type { Host } from '../../src/host.js'
import type { HeldLock } from '../../src/store/port.js'
import { Journal } from '../support/journal.js'
import { bench } from '../support/sera.js'

const GRACE_MS = 500
const STUBBORN = `trap '' TERM; while :; do sleep 0.05; done`

for (const offsetMs of [50, 250, 450, 650, 850]) {
  test(`a lease that is not renewed: gone before it is over, ${offsetMs} ms after a full second`, async t => {
    const journal = new Journal(bench(t, { name: 'node', program: '' }, '').folder)
    const until = systemClock.boot() + 2000 + offsetMs + GRACE_MS + SAFETY_MARGIN_MS
    const outcome = await hold(neverRenewed(until), job(journal.command({ who: 'it', script: STUBBORN })), host())
    t.is(outcome.kind, 'lost')
    const leftMs = until - systemClock.boot()
    t.true(leftMs > 0, `gone ${-leftMs} ms after the lease was over`)
    t.true(leftMs <= SAFETY_MARGIN_MS + 20, 'and not before its grace was over')
  })
}

function neverRenewed(until: number): HeldLock {
  return {
    until,
    token: undefined,
    lifeline: undefined,
    keep: () => {},
    reclaim: async () => false,
    release: async () => {},
    abandon: () => {},
  }
}

function job(command: string[]): Parameters<typeof hold>[1] {
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
  const terminal = { isTerminal: false, columns: 80, write: () => {} }
  return {
    pid: process.pid,
    env: process.env,
    clock: systemClock,
    random: Math.random,
    descriptors: [],
    ignored: [],
    onSignal: () => () => {},
    kill: process.kill,
    stdout: terminal,
    stderr: terminal,
  }
}
