/**
 * A lock among the commands of one host. A Distributex knows hosts, not commands: it grants the pool again to a second
 * command of its holder, and when the first of the two ends, it releases the pool.
 *
 * 1. The lock is flock(2) on a file, in a folder that every user and every service of the host sees.
 * 2. Guard and command inherit the descriptor. If sera is killed, they keep the lock until they have ended.
 * 3. A user can lock the file of another user: flock needs only the right to read.
 * 4. The holder removes the file. A waiter that gets the lock of a removed file starts over.
 *
 * An abstract socket does not work. Node pads its name to 107 bytes and Bun allows at most 106, so the two never use the
 * same one. Any local user can bind it. A service with PrivateNetwork=yes does not see it.
 */
import { createHash } from 'node:crypto'
import { constants, fchmodSync, fstatSync, openSync, statSync, unlinkSync } from 'node:fs'
import type { Clock } from '../../clock.js'
import type { Deadline } from '../../deadline.js'
import { type FileLock, lockOpened, unlock } from '../../embedded/file-lock.js'
import { SeraError } from '../../errors.js'
import { sharedFolder } from './shared-folder.js'

export interface HostLock {
  /** A process that inherits this holds the lock as well. */
  fd: number
  /** Releases the lock, although other processes have inherited the descriptor. */
  free(): Promise<void>
}

/**
 * The lock; undefined if another run held it until the deadline.
 *
 * @throws SeraError lock-failed, or the signal's reason when it aborts
 */
export async function lockHost(what: string, clock: Clock, { until, signal }: Deadline): Promise<HostLock | undefined> {
  const path = pathOf(what)
  for (;;) {
    const lock = await lockOpened(openShared(path), until - clock.now(), signal)
    if (lock && isThere(lock.fd, path) && !signal?.aborted) return { fd: lock.fd, free: () => free(lock, path) }
    lock?.release()
    signal?.throwIfAborted()
    // Ctrl-C may have ended flock(1) before its signal aborts the wait
    if (!lock && clock.now() >= until) return undefined
  }
}

/** Whether the file still has its name. The former holder may have removed it, and then others lock a new file. */
function isThere(fd: number, path: string): boolean {
  return fstatSync(fd).ino === statSync(path, { throwIfNoEntry: false })?.ino
}

async function free(lock: FileLock, path: string): Promise<void> {
  try {
    unlinkSync(path)
  } catch {} // another user's file, or removed already
  await unlock(lock).catch(() => {})
  lock.release()
}

function pathOf(what: string): string {
  return `${sharedFolder()}/sera-${createHash('sha256').update(what).digest('hex').slice(0, 32)}.lock`
}

/** Opens for reading: every user may read the file of another user in this folder. */
function openShared(path: string): number {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_CREAT, O_EXCL } = constants
  try {
    return openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw cannotLock(path, error)
  }
  try {
    const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_CREAT | O_EXCL, 0o644)
    fchmodSync(fd, 0o644) // the umask may have removed bits
    return fd
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return openShared(path) // another run created it in the meantime
    throw cannotLock(path, error)
  }
}

function cannotLock(path: string, cause: unknown): SeraError {
  const reason = (cause as Error).message
  return new SeraError('lock-failed', `cannot lock ${path} against other commands of this host: ${reason}`, { cause })
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
