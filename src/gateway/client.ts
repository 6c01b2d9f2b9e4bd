/** Who asks. */
import type { Context } from 'hono'
import type { Owner } from '../store/owner.js'
import type { Env } from './gateway.js'

/** The address; IPv4 as such, also where it came to a socket of IPv6. */
export function clientOf(c: Context<Env>): string {
  return (c.env.incoming.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '')
}

/** As `sera status` shows whom the gateway waits for; of the client's process it knows nothing. */
export function ownerFor(c: Context<Env>, command: string): Owner {
  return { host: clientOf(c), pid: 0, user: '', command }
}
