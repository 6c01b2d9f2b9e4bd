/**
 * The embedded server: a private MariaDB or MySQL for locks on this host only. sera starts it on demand, and it stops after
 * ten minutes without clients. sera never chooses it silently: only `--server embedded` and `sera embedded` use it.
 *
 *     const { socketPath, user, database } = await ensureEmbedded(host)
 */
import { placeOf, prepare } from './place.js'
import { listens } from './probe.js'
import type { EmbeddedHost } from './program.js'

export interface EmbeddedAddress {
  socketPath: string
  /** Without a password: only its owner can enter the folder of the socket. */
  user: 'root'
  /** The database for the lock tables. */
  database: 'sera'
}

/**
 * Returns the address of the embedded server, and starts it if necessary: about a second, the first time a few. The server
 * then runs at least for the idle time. If the caller cannot connect, the server was killed; call again.
 *
 * @throws SeraError `config` without a server program, flock(1) or a usable folder; `lock-failed` if it does not start
 */
export async function ensureEmbedded(host: EmbeddedHost): Promise<EmbeddedAddress> {
  const place = placeOf(host.env)
  // before the probe of the socket, not after it: see scripts.ts, step 4
  prepare(place)
  if (!(await listens(place.socketPath))) {
    const { startIfNeeded } = await import('./launch.js')
    await startIfNeeded(host, place)
  }
  return { socketPath: place.socketPath, user: 'root', database: 'sera' }
}
