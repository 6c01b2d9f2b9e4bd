/**
 * Exclusive locks on files, by flock(2): the kernel lets go of them when the last process that has the descriptor is
 * gone, however it ended, so that there are no stale ones. The runtimes have no call for it, but the lock belongs to the
 * open file and not to a process: flock(1) takes it on our descriptor, ends, and the lock is ours.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { SeraError } from '../errors.js'

export interface FileLock {
  /** A process that inherits this holds the lock as well. */
  fd: number
  release(): void
}

/** The lock, or undefined when somebody has it until `waitMs` are over; 0 does not wait. */
export async function lockFile(path: string, waitMs: number): Promise<FileLock | undefined> {
  const fd = openSync(path, 'a', 0o600)
  const lock = { fd, release: () => closeSync(fd) }
  try {
    if (await takes(fd, waitMs)) return lock
  } catch (error) {
    lock.release()
    throw error
  }
  lock.release()
  return undefined
}

async function takes(fd: number, waitMs: number): Promise<boolean> {
  const options = waitMs === 0 ? ['-x', '-n', '3'] : ['-x', '3']
  const limit = waitMs === 0 ? {} : { timeout: waitMs }
  const flock = spawn('flock', options, { stdio: ['ignore', 'ignore', 'ignore', fd], ...limit })
  return (await statusOf(flock)) === 0
}

function statusOf(flock: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    flock.once('exit', resolve)
    flock.once('error', cause => {
      reject(
        new SeraError('config', 'embedded server: flock(1) is needed and not found: install util-linux', { cause }),
      )
    })
  })
}
