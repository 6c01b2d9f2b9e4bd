/**
 * Exclusive locks on files, by flock(2): the kernel lets go of them when the last process that has the descriptor is
 * gone, however it ended, so that there are no stale ones. The runtimes have no call for it, but the lock belongs to the
 * open file and not to a process: flock(1) takes it on our descriptor, ends, and the lock is ours.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { systemClock } from '../clock.js'
import { SeraError } from '../errors.js'

export interface FileLock {
  /** A process that inherits this holds the lock as well. */
  fd: number
  release(): void
}

/** The lock, or undefined when somebody has it until `waitMs` are over; 0 does not wait. */
export async function lockFile(path: string, waitMs: number): Promise<FileLock | undefined> {
  return await lockOpened(openSync(path, 'a', 0o600), waitMs)
}

/**
 * The lock on an open file, which is closed when it is not to be had.
 *
 * @param waitMs Infinity: until the signal aborts, which ends the wait as its time does
 */
export async function lockOpened(fd: number, waitMs: number, signal?: AbortSignal): Promise<FileLock | undefined> {
  const lock = { fd, release: () => closeSync(fd) }
  try {
    if (await takes(fd, waitMs, signal)) return lock
  } catch (error) {
    lock.release()
    throw error
  }
  lock.release()
  return undefined
}

/** Gives the lock up although another process has inherited it. */
export async function unlock({ fd }: FileLock): Promise<void> {
  await flock(['-u'], fd)
}

async function takes(fd: number, waitMs: number, signal: AbortSignal | undefined): Promise<boolean> {
  if (waitMs <= 0) return (await flock(['-x', '-n'], fd)) === 0
  const over = new AbortController()
  const cancel = systemClock.after(waitMs, () => over.abort())
  const abort = () => over.abort()
  signal?.addEventListener('abort', abort)
  try {
    return (await flock(['-x'], fd, over.signal)) === 0
  } finally {
    cancel()
    signal?.removeEventListener('abort', abort)
  }
}

/** The exit code; null when it was ended. */
function flock(options: readonly string[], fd: number, over?: AbortSignal): Promise<number | null> {
  return new Promise((resolve, reject) => {
    if (over?.aborted) return resolve(null)
    const program = spawn('flock', [...options, '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] })
    over?.addEventListener('abort', () => program.kill(), { once: true })
    program.once('exit', resolve)
    program.once('error', cause => {
      reject(new SeraError('config', 'flock(1) is needed and not found: install util-linux', { cause }))
    })
  })
}
