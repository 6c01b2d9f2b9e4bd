/**
 * Runs one guard's script in one shell, with a family that ignores TERM, while one fault happens to it. Either the
 * family ends by the fence plus the grace, or no command was started.
 *
 * strace makes system calls fail. It counts them for each process separately.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { GUARD_SCRIPT } from '../../src/child/guard-script.js'
import { systemClock } from '../../src/clock.js'
import { SAFETY_MARGIN_MS } from '../../src/fence.js'
import { Lag } from '../support/lag.js'
import { kill, processesMarked, processesOfSessions } from '../support/processes.js'
import { until } from '../support/until.js'

export const SHELLS = ['dash', 'busybox', 'bash'].filter(name => existsSync(`/bin/${name}`))

/** Why the guard has to end the family. */
export const CAUSES = ['deadline', 'end', 'sera dead'] as const
export type Cause = (typeof CAUSES)[number]

export interface Fault {
  title: string
  /** An argument of strace. */
  inject?: string
  /** Sends signals to the guard and to what it started: its clock, and the clock's sleep. */
  strike?: (leader: number, others: readonly number[]) => void | Promise<void>
  /** How many processes of this user start after the child. */
  crowd?: number
}

export interface Verdict {
  /** The guard knew the child. Otherwise sera starts no command, or replaces the guard. */
  started: boolean
  /** How long after the fence plus the grace the last of the family ended, ms; negative if earlier. */
  lateMs: number
  /** How much of that time is the machine's lag, see `Lag`. */
  lagMs: number
  left: number
}

const FORKS = 'clone,clone3,fork,vfork'
const GRACE_MS = 400
const TICK_S = 0.1
/** The margin that the fence leaves; a busy machine gets its lag in addition. */
const LATE_MS = SAFETY_MARGIN_MS

/** The n-th fork of each process of the guard, or all from the n-th on. The guard's own first fork is its clock. */
const failingFork = (when: string): Fault => ({
  title: `fork ${when} fails`,
  inject: `${FORKS}:error=EAGAIN:when=${when}`,
})

const interruptedRead = (when: string): Fault => ({
  title: `read ${when} is interrupted`,
  inject: `read:error=EINTR:when=${when}`,
})

export const SAMPLE: readonly Fault[] = [
  { title: 'nothing' },
  ...['1', '2', '3', '2+'].map(failingFork),
  ...['1', '1+13'].map(interruptedRead),
  { title: 'its clock and sleep are killed', strike: (_, others) => kill(others, 'SIGKILL') },
  { title: 'one sleep is killed', strike: (_, others) => kill(others.slice(-1), 'SIGKILL') },
  { title: 'signals rain', strike: rain },
  { ...failingFork('2+'), title: 'fork 2+ fails in a crowd', crowd: 300 },
]

export const ALL: readonly Fault[] = [
  ...SAMPLE,
  ...['4', '5', '6', '1+', '3+', '4+', '5+'].map(failingFork),
  ...['2', '3', '5', '8', '13', '100', '400', '1000', '1+7', '2+7', '1+100'].map(interruptedRead),
  { title: 'its clock is killed', strike: (_, others) => kill(others.slice(0, 1), 'SIGKILL') },
]

/**
 * No read of busybox is interrupted: it polls first, and reads only what is there. A failed read stops its loader before it
 * is a guard. Real signals are `rain`.
 */
export function applies({ inject = '' }: Fault, shell: string): boolean {
  return shell !== 'busybox' || !inject.startsWith('read:')
}

async function rain(leader: number): Promise<void> {
  for (let drop = 0; drop < 200; drop++) {
    for (const signal of ['SIGCHLD', 'SIGUSR2', 'SIGALRM', 'SIGTERM', 'SIGCONT'] as const) kill([leader], signal)
    await sleep(1)
  }
}

/** Ignores TERM; it has two generations, an orphan, and a daemon outside the group and the family. */
const FAMILY = `trap '' TERM; (sleep 1000 &); setsid -f sleep 1000; sh -c 'sleep 1000; :' & sleep 1000 & sleep 1000; :`
const FAMILY_SIZE = 7

export async function torture(shell: string, cause: Cause, fault: Fault): Promise<Verdict> {
  const mark = `${process.pid}:${randomUUID()}`
  const guard = startGuard(shell, mark, fault)
  try {
    say(guard, `deadline ${Number.MAX_SAFE_INTEGER}`)
    const leader = await leaderOf(guard, shell)
    if (leader === undefined) return UNSEEN
    const child = startFamily(mark)
    await until('the family is complete', () => family(mark).length === FAMILY_SIZE)
    if (fault.crowd) await startCrowd(fault.crowd, mark)
    if (hasEnded(guard)) return UNSEEN
    say(guard, `child ${child.pid}`)
    const others = processesOfSessions([guard.pid ?? 0]).filter(pid => pid !== leader && pid !== guard.pid)
    await fault.strike?.(leader, others)
    const lag = new Lag()
    const fence = systemClock.boot() + (cause === 'deadline' ? 300 : 0)
    if (cause === 'deadline') say(guard, `deadline ${Math.floor(fence / 10)}`)
    else if (cause === 'end') say(guard, 'end')
    else guard.stdin?.destroy()
    await until('the family has ended', () => family(mark).length === 0 || sawNoChild(guard)).catch(() => {})
    if (sawNoChild(guard) && family(mark).length > 0) return UNSEEN
    const lateMs = systemClock.boot() - fence - GRACE_MS
    return { started: true, lateMs, lagMs: await lag.ms(), left: family(mark).length }
  } finally {
    kill([...processesMarked(mark), -(guard.pid ?? 0)], 'SIGKILL')
  }
}

/** The guard ended before it read the PID. sera replaces such a guard: see test/run/guard-duty.test.ts. */
const UNSEEN: Verdict = { started: false, lateMs: 0, lagMs: 0, left: 0 }

/** Its exit status says that there was nothing to end. If the guard knows the child, that means the child has ended. */
function sawNoChild(guard: ChildProcess): boolean {
  return guard.exitCode === 0
}

/** What is wrong with a verdict, if anything. */
export function complaint({ started, lateMs, lagMs, left }: Verdict): string | undefined {
  if (!started) return undefined
  if (left > 0) return `${left} processes are left`
  return lateMs > LATE_MS + lagMs ? `gone ${lateMs} ms after fence and grace, with a lag of ${lagMs} ms` : undefined
}

function startGuard(shell: string, mark: string, { inject }: Fault): ChildProcess {
  const guard = ['-c', 'eval "$script"', 'sera-guard', mark, String(GRACE_MS / 10), String(TICK_S)]
  const [program = '', ...args] = [...(inject ? injecting(inject) : []), asSh(shell), ...guard]
  const started = spawn(program, args, {
    env: { script: GUARD_SCRIPT, PATH: process.env.PATH, GUARD: mark },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  started.stdin?.on('error', () => {})
  return started
}

const folder = mkdtempSync(join(process.env.SERA_TEST_DIR ?? tmpdir(), 'shells-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** The shell under the name `sh`, which sera uses: busybox and bash act on that name. */
function asSh(shell: string): string {
  const sh = join(folder, shell, 'sh')
  if (!existsSync(sh)) {
    mkdirSync(join(folder, shell))
    symlinkSync(`/bin/${shell}`, sh)
  }
  return sh
}

/** Reads fail only in the guard: a sleep that cannot be loaded is a different fault. */
function injecting(inject: string): string[] {
  const all = inject.startsWith(FORKS) ? ['-f', '--seccomp-bpf'] : []
  return ['strace', ...all, '-qq', '-o', '/dev/null', '-e', `inject=${inject}`, '-e', `trace=${inject.split(':')[0]}`]
}

/** The guard itself, once it waits, with its clock if it needs one; undefined: it has ended. */
async function leaderOf(guard: ChildProcess, shell: string): Promise<number | undefined> {
  const session = guard.pid ?? 0
  return await until('the guard waits', () => {
    if (hasEnded(guard)) return 'ended'
    const shells = processesOfSessions([session]).filter(pid => nameOf(pid) === 'sh')
    return shells.find(pid => hasTrap(pid) && (shell === 'bash' || shells.length > 1))
  }).then(found => (found === 'ended' ? undefined : found))
}

function hasEnded(guard: ChildProcess): boolean {
  return guard.exitCode !== null || guard.signalCode !== null
}

function nameOf(pid: number): string | undefined {
  return /^Name:\s*(\S+)/.exec(status(pid))?.[1]
}

/** bash has set its traps: it catches ALRM. */
function hasTrap(pid: number): boolean {
  const caught = /^SigCgt:\s*([0-9a-f]+)/m.exec(status(pid))?.[1] ?? '0'
  return ((BigInt(`0x${caught}`) >> 13n) & 1n) === 1n
}

function startFamily(mark: string): ChildProcess {
  return spawn('sh', ['-c', FAMILY], {
    env: { PATH: process.env.PATH, SERA_HELD: `outer ${mark}` },
    stdio: 'ignore',
    detached: true,
  })
}

/** Resolves when the whole crowd runs. Its environments are long and do not belong to the family. */
async function startCrowd(size: number, mark: string): Promise<void> {
  const script = `for (1..$ARGV[0]) { fork or do { sleep 100; exit } } syswrite STDOUT, "complete"; sleep 100`
  const crowd = spawn('perl', ['-e', script, String(size)], {
    env: { PATH: process.env.PATH, CROWD: mark.padEnd(4000, '.') },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await once(crowd.stdout, 'data')
}

function family(mark: string): number[] {
  return processesMarked(`SERA_HELD=outer ${mark}`)
}

function status(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1')
  } catch {
    return ''
  }
}

function say(guard: ChildProcess, line: string): void {
  guard.stdin?.write(`${line}\n`)
}
