/** Who asks. */
import type { Context } from 'hono'
import type { Env } from './env.js'

/** The address; IPv4 as such, also where it came to a socket of IPv6. */
export function clientOf(c: Context<Env>): string {
  return (c.env.incoming.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '')
}
