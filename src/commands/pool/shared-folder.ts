/**
 * The folder for the lock files of this host. It must be the same one for every user and in every service.
 *
 * 1. `/tmp` is the last choice. systemd gives a service with PrivateTmp=yes its own one, and deletes old files there.
 * 2. An administrator can create `/run/sera`. Only root can create it, and its mode says which users may take part.
 * 3. Otherwise sera takes the first folder that every user may write to. The rights of this process do not count: a
 *    process with fewer rights would choose another folder.
 * 4. In such a folder a local user can take the lock and keep it. That user can also take the pool itself, by asking its
 *    server in the name of this host.
 */
import { type Stats, statSync } from 'node:fs'
import { SeraError } from '../../errors.js'

const CLOSED = '/run/sera'

/** `/dev/shm` comes second: logind may delete a user's files there when the user logs out. */
const OPEN = ['/run/lock', '/dev/shm', '/tmp']

const STICKY_AND_OPEN = 0o1777

/** @throws SeraError lock-failed */
export function sharedFolder(): string {
  const folder = folderOf(CLOSED) ? CLOSED : OPEN.find(path => isOpenToAll(folderOf(path)))
  if (folder !== undefined) return folder
  const reason = `none of ${OPEN.join(', ')} is open to every user`
  throw new SeraError('lock-failed', `no folder for the locks of this host: ${reason}; create ${CLOSED}`)
}

function folderOf(path: string): Stats | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isDirectory() ? found : undefined
}

function isOpenToAll(folder: Stats | undefined): boolean {
  return folder !== undefined && (folder.mode & STICKY_AND_OPEN) === STICKY_AND_OPEN
}
