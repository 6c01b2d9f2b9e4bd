/**
 * Exclusive locks on files, by flock(2). The kernel releases such a lock when the last process with the descriptor has
 * ended, so there are no stale locks. Node and Bun have no call for it. But the lock belongs to the open file and not to a
 * process: flock(1) inherits the descriptor of sera, takes the lock and ends, and sera holds the lock.
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

/** The lock; undefined if another process holds it for all of `waitMs`. 0 does not wait. */
export async function lockFile(path: string, waitMs: number): Promise<FileLock | undefined> {
  return await lockOpened(openSync(path, 'a', 0o600), waitMs)
}

/**
 * The lock on an open file. If it is not acquired, the file is closed.
 *
 * @param waitMs may be Infinity; an abort of the signal ends the wait like a time-out
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

/** Releases the lock, although another process may have inherited the descriptor. */
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

/** Returns the exit code; null if flock(1) was killed. */
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
