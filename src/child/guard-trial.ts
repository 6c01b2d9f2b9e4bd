/** Whether the guard can do its work on this host: it is let loose on a process that does nothing. For `sera doctor`. */
import { accessSync, constants } from 'node:fs'
import { sleep } from '../clock.js'
import { GUARD_PATH, Guard } from './guard.js'
import { type Process, spawn } from './spawn.js'

export interface GuardFacts {
  /** What it needs and this host has not. */
  missing: readonly string[]
  /** It has ended the process. */
  ended: boolean
  problem?: string
}

const FILES = ['/bin/sh', '/proc/uptime', '/proc/self/stat']
/** Shells have the rest built in. */
const PROGRAMS = ['grep', 'sleep']

/** Longer than the guard takes on a busy machine, shorter than the process lasts. */
const LIMIT_MS = 5000

export async function tryGuard(): Promise<GuardFacts> {
  const files = FILES.filter(file => !can(file, constants.R_OK))
  const programs = PROGRAMS.filter(
    name => !GUARD_PATH.split(':').some(folder => can(`${folder}/${name}`, constants.X_OK)),
  )
  const missing = [...files, ...programs]
  if (missing.length > 0) return { missing, ended: false }
  try {
    const problem = await trial()
    return { missing, ended: problem === undefined, ...(problem === undefined ? {} : { problem }) }
  } catch (error) {
    return { missing, ended: false, problem: (error as Error).message }
  }
}

/** Why it did not end a process; undefined when it did. */
async function trial(): Promise<string | undefined> {
  const guard = new Guard({ marker: 'sera-doctor', graceMs: 0, tickMs: 1000, lifeline: undefined })
  const child = spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore'], detached: true })
  const gone = endOf(child)
  try {
    guard.watch(child.pid ?? 0)
    guard.end()
    const late = sleep(LIMIT_MS).then(() => 'it took too long')
    const end = await Promise.race([guard.ended, late])
    if (end !== 'asked') return end === 'gone' ? 'it did not see the process' : end
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

function can(file: string, mode: number): boolean {
  try {
    accessSync(file, mode)
    return true
  } catch {
    return false
  }
}
