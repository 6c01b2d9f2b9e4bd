/** The guard alone, in each shell that may be /bin/sh, with a family that ignores TERM. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { GUARD_SCRIPT } from '../../src/child/guard-script.js'
import { isZombieLeader, kill, processesMarked, ZOMBIE_LEADER } from '../support/processes.js'
import { until } from '../support/until.js'

const { PATH } = process.env

const SHELLS = [
  { name: 'dash', file: '/bin/dash' },
  { name: 'bash as sh', file: '/bin/bash' },
  { name: 'busybox', file: '/bin/busybox' },
].filter(({ file }) => existsSync(file))

/** Ignores TERM, and so do its children: an orphan, one in a session of its own, and a daemon that has left group and family. */
const STUBBORN =
  'trap "" TERM; setsid -f sleep 1000; (sleep 1000 &); (setsid sleep 1000 & sleep 1000) & sleep 1000 & sleep 1000; :'

function hundredthsSinceBoot(): number {
  return Math.floor(Number.parseFloat(readFileSync('/proc/uptime', 'latin1')) * 100)
}

/** A running command, marked as the child of the sera `mark`. */
async function running(t: ExecutionContext, mark: string, script = STUBBORN, sleepers = 6): Promise<ChildProcess> {
  const child = spawn('sh', ['-c', script], {
    detached: true,
    stdio: 'ignore',
    env: { PATH, SERA_HELD: `outer ${mark}` },
  })
  t.teardown(() => kill(processesMarked(mark), 'SIGKILL'))
  await until('the family is complete', () => processesMarked(mark).length > sleepers)
  return child
}

for (const { name, file } of SHELLS) {
  const reserve = (mark: string, graceMs = 300) => {
    const args = ['-c', 'eval "$script"', 'sera-guard', mark, String(graceMs / 10), '0.1']
    return spawn(file, args, {
      argv0: 'sh',
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      cwd: '/',
      env: { PATH, script: GUARD_SCRIPT, GUARD: mark.toUpperCase() },
    })
  }
  const guard = (mark: string, { graceMs = 300, deadline = Number.MAX_SAFE_INTEGER } = {}) => {
    const watching = reserve(mark, graceMs)
    watching.stdin?.write(`deadline ${deadline}\n`)
    return watching
  }

  /** The guard's exit status once it and its clock have ended, and how many of the family are left. */
  const verdict = async (watching: ChildProcess, mark: string) => {
    const [status] = await once(watching, 'exit')
    await until('the guard’s clock has ended', () => processesMarked(`GUARD=${mark.toUpperCase()}`).length === 0)
    return { status, left: processesMarked(`SERA_HELD=outer ${mark}`).length }
  }

  for (const [when, words, status] of [
    ['sera has died', undefined, 10],
    ['asked to', 'end\n', 12],
  ] as const) {
    test(`${name}: when ${when}, TERM and KILL end the child and all its descendants`, async t => {
      const mark = randomUUID()
      const child = await running(t, mark)
      const watching = guard(mark)
      watching.stdin?.write(`child ${child.pid}\n`)
      if (words) watching.stdin?.write(words)
      else watching.stdin?.end()
      t.deepEqual(await verdict(watching, mark), { status, left: 0 })
    })
  }

  test(`${name}: it acts at the deadline without a message; a later deadline postpones that`, async t => {
    const mark = randomUUID()
    const child = await running(t, mark)
    const first = hundredthsSinceBoot() + 30
    const watching = guard(mark, { deadline: first })
    watching.stdin?.write(`child ${child.pid}\n`)
    watching.stdin?.write(`deadline ${first + 70}\n`)
    t.deepEqual(await verdict(watching, mark), { status: 11, left: 0 })
    t.true(hundredthsSinceBoot() >= first + 70)
  })

  test(`${name}: a child whose PID was never sent is found by its mark`, async t => {
    const mark = randomUUID()
    await running(t, mark)
    const watching = guard(mark)
    watching.stdin?.end()
    t.deepEqual(await verdict(watching, mark), { status: 10, left: 0 })
  })

  test(`${name}: in reserve it sleeps, and exits when sera has died`, async t => {
    const mark = randomUUID()
    const watching = reserve(mark)
    await until('it has started', () => processesMarked(`GUARD=${mark.toUpperCase()}`).length === 1)
    watching.stdin?.end()
    t.deepEqual(await verdict(watching, mark), { status: 0, left: 0 })
  })

  test(`${name}: background processes of an ended child stay alive`, async t => {
    const mark = randomUUID()
    const child = spawn('sh', ['-c', 'sleep 1000 & exit 0'], {
      detached: true,
      stdio: 'ignore',
      env: { PATH, SERA_HELD: `outer ${mark}` },
    })
    t.teardown(() => kill(processesMarked(mark), 'SIGKILL'))
    const watching = guard(mark)
    watching.stdin?.write(`child ${child.pid}\n`)
    await until('the child has ended', () => child.exitCode !== null)
    watching.stdin?.end()
    t.deepEqual(await verdict(watching, mark), { status: 0, left: 1 })
  })

  test(`${name}: leave makes it exit while the child runs`, async t => {
    const mark = randomUUID()
    const child = await running(t, mark)
    const watching = guard(mark)
    watching.stdin?.end(`child ${child.pid}\nleave\n`)
    const { status, left } = await verdict(watching, mark)
    t.is(status, 0)
    t.true(left > 3)
  })

  test(`${name}: an orphan in the child’s group is ended when the others end at TERM`, async t => {
    const mark = randomUUID()
    const child = await running(t, mark, '(trap "" TERM; sleep 1000 &); sleep 1000; :', 2)
    const watching = guard(mark)
    watching.stdin?.write(`child ${child.pid}\nend\n`)
    t.deepEqual(await verdict(watching, mark), { status: 12, left: 0 })
  })

  test(`${name}: a child with an ended main thread and a live thread is ended`, async t => {
    const mark = randomUUID()
    const [program = '', ...args] = ZOMBIE_LEADER
    const env = { PATH, SERA_HELD: `outer ${mark}` }
    const child = spawn(program, args, { detached: true, stdio: 'ignore', env })
    t.teardown(() => child.kill('SIGKILL'))
    await until('its main thread has ended', () => isZombieLeader(child.pid ?? 0))
    const watching = guard(mark)
    watching.stdin?.write(`child ${child.pid}\nend\n`)
    t.is((await once(watching, 'exit'))[0], 12)
    t.not(await exitOf(child), null)
  })

  test(`${name}: a stopped child is ended, and gets the grace after TERM`, async t => {
    const mark = randomUUID()
    const child = await running(t, mark, 'trap "sleep 0.2; exit" TERM; sleep 1000 & wait', 1)
    child.kill('SIGSTOP')
    const watching = guard(mark, { graceMs: 60_000 })
    watching.stdin?.write(`child ${child.pid}\nend\n`)
    t.deepEqual(await verdict(watching, mark), { status: 12, left: 0 })
  })
}

/** The signal that ended it. */
async function exitOf(child: ChildProcess): Promise<NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.signalCode
}
