/** For `sera doctor`: tries the guard on this host. A real guard ends an idle process at a deadline. */
import { accessSync, constants } from 'node:fs'
import { sleep, systemClock } from '../clock.js'
import { Guard } from './guard.js'
import { guardPath, hasSleep } from './guard-needs.js'
import { type Process, spawn } from './spawn.js'

export interface GuardFacts {
  /** What the guard needs and this host lacks. */
  missing: readonly string[]
  /** The guard ended the process. */
  ended: boolean
  problem?: string
}

const FILES = ['/bin/sh', '/proc/uptime', '/proc/self/stat']
/** Longer than the guard takes on a busy machine, shorter than the process lasts. */
const LIMIT_MS = 5000
const TICK_MS = 100

/** `path` is sera's own PATH. */
export async function tryGuard(path: string | undefined): Promise<GuardFacts> {
  const missing = FILES.filter(file => !canRead(file))
  if (!hasSleep(guardPath(path))) missing.push('sleep')
  if (missing.length > 0) return { missing, ended: false }
  try {
    const problem = await trial(path)
    return { missing, ended: problem === undefined, ...(problem === undefined ? {} : { problem }) }
  } catch (error) {
    return { missing, ended: false, problem: (error as Error).message }
  }
}

/** Why the guard did not end the process; undefined when it did. */
async function trial(path: string | undefined): Promise<string | undefined> {
  const guard = new Guard({ marker: 'sera-doctor', graceMs: 0, tickMs: TICK_MS, lifeline: undefined, path })
  const child = spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore'], detached: true })
  const gone = endOf(child)
  try {
    guard.watch(child.pid ?? 0)
    guard.extend(systemClock.boot() + TICK_MS) // after its first check, so that its clock has to wake it
    const late = sleep(systemClock, LIMIT_MS).then(() => 'it took too long')
    const end = await Promise.race([guard.ended, late])
    if (end !== 'deadline') return end === 'gone' ? 'it did not see the process' : end
    return await Promise.race([gone, late])
  } finally {
    child.kill('SIGKILL')
    guard.dismiss()
  }
}

function endOf(child: Process): Promise<undefined> {
  return new Promise((resolve, reject) => {
    child.once('exit', () => resolve(undefined))
    child.once('error', reject)
  })
}

function canRead(file: string): boolean {
  try {
    accessSync(file, constants.R_OK)
    return true
  } catch {
    return false
  }
}
