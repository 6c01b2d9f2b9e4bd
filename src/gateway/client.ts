/** Who asks. */
import type { Context } from 'hono'
import type { Owner } from '../store/owner.js'
import type { Env } from './gateway.js'

/** The address; IPv4 as such, also where it came to a socket of IPv6. */
export function clientOf(c: Context<Env>): string {
  return (c.env.incoming.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '')
}

/** As `sera status` shows it: the gateway waits for the client, whose process it does not know. */
export function ownerFor(c: Context<Env>, doing: string): Owner {
  return { host: clientOf(c), pid: 0, user: '', command: doing }
}
