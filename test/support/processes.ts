/** The processes of a test, from /proc. */
import { readdirSync, readFileSync } from 'node:fs'

/** For setpriv(1): the program ends with the test, even if the test run is killed and cleans up nothing. */
export const DIES_WITH_THE_TEST = ['--pdeathsig', 'KILL', '--']

/** False for a zombie, unless it is a leader with live threads (field 20 counts them). */
export function isAlive(pid: number): boolean {
  const [state, ...rest] = stat(pid) ?? ['X']
  return state !== 'X' && (state !== 'Z' || Number(rest[16]) > 1)
}

/** A program whose main thread has ended while another runs: it looks like a zombie. */
export const ZOMBIE_LEADER = [
  'node_modules/.bin/bun',
  '-e',
  `const exit = { args: ['ptr'], returns: 'void' }
  require('bun:ffi').dlopen('libc.so.6', { pthread_exit: exit }).symbols.pthread_exit(null)`,
]

export function isZombieLeader(pid: number): boolean {
  return stat(pid)?.[0] === 'Z' && isAlive(pid)
}

/** Every process whose environment contains `text`; descendants inherit it. */
export function processesMarked(text: string): number[] {
  return pids().filter(pid => isAlive(pid) && read(pid, 'environ').includes(text))
}

/** The guard of the sera `pid`, with its clock; more than one while a guard is being replaced. */
export function guardsOf(pid: number): number[] {
  return pids().filter(guard => isAlive(guard) && read(guard, 'cmdline').includes(`\0sera-guard\0${pid}:`))
}

/** The guard that looks for this entry of SERA_HELD, with its clock. */
export function guardsFor(entry: string): number[] {
  return pids().filter(guard => isAlive(guard) && read(guard, 'cmdline').includes(`\0sera-guard\0${entry}\0`))
}

/** Every process of these sessions, such as all processes of a guard. */
export function processesOfSessions(sessions: readonly number[]): number[] {
  return pids().filter(pid => isAlive(pid) && sessions.includes(Number(stat(pid)?.[3])))
}

/** The guard itself: the leader of its session. */
export function isLeader(pid: number): boolean {
  return Number(stat(pid)?.[3]) === pid
}

export function kill(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch {} // it has ended already
  }
}

/** The fields of /proc/PID/stat from the third (state) on. */
function stat(pid: number): string[] | undefined {
  const line = read(pid, 'stat')
  return line === '' ? undefined : line.slice(line.lastIndexOf(')') + 2).split(' ')
}

function pids(): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return ''
  }
}
