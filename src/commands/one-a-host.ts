/**
 * One of a kind on a host: to a Distributex the host is the holder of a pool, so that a second command on it would
 * hear YES, too, and the pool would be free for all when the first of them ends. The original's client has a pid file
 * against that. Here it is a lock on a file, which guard and command inherit: killed, sera keeps it until they are gone.
 */
import { createHash } from 'node:crypto'
import { constants, fchmodSync, fstatSync, openSync, statSync, unlinkSync } from 'node:fs'
import type { Clock } from '../clock.js'
import { type FileLock, lockOpened, unlock } from '../embedded/file-lock.js'
import { SeraError } from '../errors.js'

/** The same for every user and every run. */
const FOLDER = '/tmp'

export interface HostLock {
  /** A process that inherits this holds the lock as well. */
  fd: number
  /** Gives it up, also for those who inherited it. */
  free(): Promise<void>
}

/**
 * The lock, or undefined when another run had it until `until` (monotonic, ms).
 *
 * @throws SeraError lock-failed, or the signal's reason when it aborts
 */
export async function onlyHere(
  what: string,
  { clock, until, signal }: { clock: Clock; until: number; signal: AbortSignal },
): Promise<HostLock | undefined> {
  const path = pathOf(what)
  for (;;) {
    const lock = await lockOpened(openShared(path), until - clock.now(), signal)
    if (lock && isThere(lock.fd, path) && !signal.aborted) return { fd: lock.fd, free: () => free(lock, path) }
    lock?.release()
    signal.throwIfAborted()
    // a Ctrl-C may have ended flock(1) before it was heard here
    if (!lock && clock.now() >= until) return undefined
  }
}

/** Who had it before may have removed the file, and others lock another one by now. */
function isThere(fd: number, path: string): boolean {
  return fstatSync(fd).ino === statSync(path, { throwIfNoEntry: false })?.ino
}

async function free(lock: FileLock, path: string): Promise<void> {
  try {
    unlinkSync(path)
  } catch {} // another user's file, or removed by somebody
  await unlock(lock).catch(() => {})
  lock.release()
}

function pathOf(what: string): string {
  return `${FOLDER}/sera-${createHash('sha256').update(what).digest('hex').slice(0, 32)}.lock`
}

/** For reading, as nobody may write to another user's file in such a folder; it is never read either. */
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
    if (codeOf(error) === 'EEXIST') return openShared(path) // somebody was quicker
    throw cannotLock(path, error)
  }
}

function cannotLock(path: string, cause: unknown): SeraError {
  const reason = (cause as Error).message
  return new SeraError('lock-failed', `cannot keep others on this host away by ${path}: ${reason}`, { cause })
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
