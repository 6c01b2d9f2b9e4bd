/**
 * The folder for what the commands of one host have to see of each other: the same one for every user, in every service.
 *
 * 1. `/tmp` is not that folder. systemd gives a service with PrivateTmp=yes its own one, and deletes old files there.
 * 2. An administrator who makes `/run/sera` decides who takes part: only root can make it, and its mode says who gets in.
 * 3. Otherwise it is the first folder that every user may write to. What this process may do does not count, because
 *    the next one may do less, and would go to another folder.
 * 4. Such a folder cannot keep a local user from taking the lock and not giving it back. That user can take the pool
 *    itself as well, by asking its server in the name of this host.
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
