/** What sera does when its guards fail. */
import test from 'ava'
import { Child } from '../../src/child/child.js'
import { Family } from '../../src/child/family.js'
import type { Guard } from '../../src/child/guard.js'
import { systemClock } from '../../src/clock.js'
import { GuardDuty } from '../../src/run/guard-duty.js'
import { kill } from '../support/processes.js'

test('guards that do not see the command are replaced a few times, then sera ends the command', async t => {
  t.timeout(45_000) // without force the command runs for a thousand seconds
  const child = await startSleep()
  t.teardown(() => kill([child.pid], 'SIGKILL'))
  const starts: number[] = []
  const reasons: string[] = []
  const duty = new GuardDuty({
    start: () => {
      starts.push(performance.now())
      return blindGuard()
    },
    fence: () => Number.POSITIVE_INFINITY,
    graceMs: 60_000,
    tickMs: 1000,
    clock: systemClock,
    familyOf: ({ pid, running }) => new Family({ pid, running, ownGroup: true, marker: t.title, kill: process.kill }),
    kill: process.kill,
    onForce: reason => reasons.push(reason),
  })
  duty.watch(child)
  t.is(await child.exited, 128 + 9)
  duty.dismiss()
  t.is(starts.length, 6)
  t.true((starts.at(-1) ?? 0) - (starts[0] ?? 0) >= 50 + 100 + 200 + 400)
  t.deepEqual([...new Set(reasons)], ['its guards died, or did not see the command'])
})

/** A guard that sees no command, as if /proc hid it (hidepid). */
function blindGuard(): Guard {
  const silent = { extend() {}, watch() {}, end() {}, dismiss() {}, kill() {}, acting: false }
  return { ...silent, ended: Promise.resolve('gone') } as unknown as Guard
}

function startSleep(): Promise<Child> {
  return Child.start({
    command: ['sleep', '1000'],
    env: { PATH: process.env.PATH },
    descriptors: [],
    lifeline: undefined,
    ownGroup: true,
    ignored: [],
  })
}
