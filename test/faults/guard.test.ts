/** The guard's script alone, in each shell that may be /bin/sh: it is on time, ends every process of the family, and no other. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { GUARD_SCRIPT } from '../../src/child/guard-script.js'
import { systemClock } from '../../src/clock.js'
import { isAlive, kill, processesMarked } from '../support/processes.js'

const SHELLS = ['dash', 'bash', 'busybox'].filter(name => existsSync(`/bin/${name}`))
for (const shell of SHELLS) {
  test(`${shell}: a child is found by its entry if its PID was never sent`, async t => {
    const marker = `4711:${randomUUID()}`
    const child = start(t, 'sleep 1000 & sleep 1001', marker)
    const guard = startGuard(t, shell, marker)
    guard.stdin?.destroy()
    t.is((await once(guard, 'exit'))[0], 10)
    t.deepEqual(processesMarked(marker), [])
    t.false(isAlive(child.pid ?? 0))
  })

  test(`${shell}: a child that starts after sera died is found`, async t => {
    const marker = `4711:${randomUUID()}`
    const guard = startGuard(t, shell, marker)
    guard.stdin?.end(`deadline ${Number.MAX_SAFE_INTEGER}\n`)
    start(t, 'sleep 1001', marker)
    t.is((await once(guard, 'exit'))[0], 10)
    t.deepEqual(processesMarked(marker), [])
  })

  test(`${shell}: the search spares a service of an earlier sera`, async t => {
    const lock = randomUUID()
    const service = start(t, 'sleep 1000', `14711:${lock}`)
    const guard = startGuard(t, shell, `4711:${lock}`)
    guard.stdin?.destroy()
    t.is((await once(guard, 'exit'))[0], 0)
    t.true(isAlive(service.pid ?? 0))
  })

  test(`${shell}: after a thousand renewals the last one counts`, async t => {
    const child = start(t, 'sleep 1000')
    const guard = startGuard(t, shell, randomUUID(), { tickS: 0.01 })
    guard.stdin?.write(`child ${child.pid}\n`)
    const renew = (ms: number) => guard.stdin?.write(`deadline ${Math.floor((systemClock.boot() + ms) / 10)}\n`)
    for (let round = 0; round < 1000; round++) {
      renew(60_000 + round)
      await sleep(2)
    }
    t.true(isAlive(child.pid ?? 0))
    t.is(guard.exitCode, null)
    renew(200)
    t.is((await once(guard, 'exit'))[0], 11)
    t.false(isAlive(child.pid ?? 0))
  })
}

function start(t: ExecutionContext, script: string, held = ''): ChildProcess {
  const child = spawn('sh', ['-c', `${script}; :`], {
    env: { PATH: process.env.PATH, SERA_HELD: held },
    stdio: 'ignore',
    detached: true,
  })
  t.teardown(() => kill([-(child.pid ?? 0)], 'SIGKILL'))
  return child
}

function startGuard(
  t: ExecutionContext,
  shell: string,
  marker: string,
  { tickS = 0.2, deadline = Number.MAX_SAFE_INTEGER }: { tickS?: number; deadline?: number } = {},
): ChildProcess {
  const numbers = ['50', String(tickS), String(Math.floor(deadline / 10))]
  const guard = spawn(shell, ['-c', 'eval "$script"', 'sera-guard', marker, ...numbers], {
    argv0: 'sh', // each shell acts on the name under which it was called
    env: { script: GUARD_SCRIPT, PATH: process.env.PATH },
    stdio: ['pipe', 'ignore', 'ignore', 'ignore'],
    detached: true,
  })
  guard.stdin?.on('error', () => {})
  t.teardown(() => kill([-(guard.pid ?? 0)], 'SIGKILL'))
  return guard
}
