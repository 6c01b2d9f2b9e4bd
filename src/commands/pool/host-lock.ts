/**
 * One of a kind on a host. A Distributex knows hosts and not commands: it says YES to a second command of the host that
 * has the pool, and the first of the two to end gives the pool away.
 *
 * 1. The lock is flock(2) on a file, in a folder that every user and every service of the host sees.
 * 2. Guard and command inherit the descriptor. If sera is killed, they keep the lock until they are gone.
 * 3. Another user's file is locked as well: the kernel asks for no right but to read it.
 * 4. The holder removes the file. A waiter that gets the lock of a removed file starts over.
 *
 * An abstract socket is no place for it: Node fills its name up to 107 bytes and Bun takes 106 at most, so that the two
 * never meet at one; any local user can bind it, too; and a service with PrivateNetwork=yes does not see it.
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
  /** Gives it up, also for those who inherited it. */
  free(): Promise<void>
}

/**
 * The lock, or undefined when another run had it until the deadline.
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
    // a Ctrl-C may have ended flock(1) before it was heard here
    if (!lock && clock.now() >= until) return undefined
  }
}

/** Whether the file still has its name; the holder before may have removed it, so that others lock a new one. */
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

/** For reading: that is what every user may do with another user's file in such a folder. */
function openShared(path: string): number {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_CREAT, O_EXCL } = constants
  try {
    return openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw cannotLock(path, error)
  }
  try {
    const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_CREAT | O_EXCL, 0o644)
    fchmodSync(fd, 0o644) // whatever the umask
    return fd
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return openShared(path) // another run was quicker
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
