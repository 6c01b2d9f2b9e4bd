/** What /proc tells of the processes of a test: who they are, and whether they still run. */
import { readdirSync, readFileSync } from 'node:fs'

/** For setpriv(1): the program ends with the test, also when the run of tests is killed and cleans nothing up. */
export const DIES_WITH_THE_TEST = ['--pdeathsig', 'KILL', '--']

/** False for a zombie too, unless it is a leader with living threads (the 20th field counts them). */
export function isAlive(pid: number): boolean {
  const [state, ...rest] = stat(pid) ?? ['X']
  return state !== 'X' && (state !== 'Z' || Number(rest[16]) > 1)
}

/** A program whose main thread has ended while another lives on: a zombie to look at. */
export const ZOMBIE_LEADER = [
  'node_modules/.bin/bun',
  '-e',
  `const exit = { args: ['ptr'], returns: 'void' }
  require('bun:ffi').dlopen('libc.so.6', { pthread_exit: exit }).symbols.pthread_exit(null)`,
]

export function isZombieLeader(pid: number): boolean {
  return stat(pid)?.[0] === 'Z' && isAlive(pid)
}

/** Every process whose environment contains `text`, as whatever is started with it keeps it, wherever it goes. */
export function processesMarked(text: string): number[] {
  return pids().filter(pid => isAlive(pid) && read(pid, 'environ').includes(text))
}

/** The guard of the sera that runs as `pid`, its clock included; more than one while a guard is being replaced. */
export function guardsOf(pid: number): number[] {
  return pids().filter(guard => isAlive(guard) && read(guard, 'cmdline').includes(`\0sera-guard\0${pid}:`))
}

/** The guard that looks for this entry of SERA_HELD, its clock included. */
export function guardsFor(entry: string): number[] {
  return pids().filter(guard => isAlive(guard) && read(guard, 'cmdline').includes(`\0sera-guard\0${entry}\0`))
}

/** Every process of these sessions, such as all that a guard started. */
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
    } catch {} // ended by itself
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
