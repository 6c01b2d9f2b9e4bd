/**
 * The embedded server: a private MariaDB or MySQL for locks on this host alone, started on demand and ended when nobody
 * has used it for ten minutes. Never chosen silently: only `--server embedded` and `sera embedded` come here.
 *
 *     const { socketPath, user, database } = await ensureEmbedded(host)
 */

import { placeOf, prepare } from './place.js'
import { listens } from './probe.js'
import type { EmbeddedHost } from './program.js'

export interface EmbeddedAddress {
  socketPath: string
  /** Without a password: the socket's folder is open to its owner only. */
  user: 'root'
  /** For the lock tables. */
  database: 'sera'
}

/**
 * Where the embedded server listens; starts it if need be, which takes a second and the first time a few. The server
 * won't end by itself within the idle time from here on. A caller that can't connect all the same (somebody killed it
 * at this moment) calls again.
 *
 * @throws SeraError `config` without a server program, flock(1) or a folder to use; `lock-failed` when it does not start
 */
export async function ensureEmbedded(host: EmbeddedHost): Promise<EmbeddedAddress> {
  const place = placeOf(host.env)
  // before we knock, not after: see scripts.ts
  prepare(place)
  if (!(await listens(place.socketPath))) {
    const { startIfNeeded } = await import('./launch.js')
    await startIfNeeded(host, place)
  }
  return { socketPath: place.socketPath, user: 'root', database: 'sera' }
}
